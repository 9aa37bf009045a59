"""`call`: one HTTP call; done with its answer, with a callback, or when polling finds what was waited for."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from compiler.cel import evaluation
from compiler.language.steps import Call
from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import failed
from workflows.core.state.commands import StartCall
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope, timeout_of
from workflows.core.steps.labels import activity_id, summary_of
from workflows.core.steps.outcome import business_failure, output_of
from workflows.core.steps.settlement import launch, settle

CALLBACK = {"callback": {"url": CALLBACK_URL, "id": CALLBACK_ID}}


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase = Phase.CALL
    launch(run, step)


def start_call(run: OrderRun, step: StepRun) -> None:
    call, planned, recipe = given(run.definition(step).definition.call), run.definition(step), run.recipe(step)
    scope = Scope(run, step, CALLBACK if call.callback else None)
    request = SystemCall(
        **sent(run, step, call, scope, step.changes),
        idempotency_key=run.key_of(step),
        timeout=timeout_of(scope),
        retry=planned.retry,
        earlier_attempts=step.attempts,
        outcome_known=not step.uncertain,
        fail_when=[] if call.poll else recipe.answer_fail_when,
        output=recipe.answer_output,
        scope=scope.only(recipe.answer_names),
        places=planned.places if recipe.answer_output is not None or recipe.answer_fail_when else {},
        callback=call.callback is not None,
    )
    send(run, step, request)


def sent(
    run: OrderRun, step: StepRun, call: Call, scope: Scope, changes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What goes out with a call of this step, as fields of a SystemCall. Raises NoValue."""
    query, body = scope.render(call.query), scope.render(call.body)
    if changes:
        query, body = _changed(call, query, body, changes)
    return {
        "order_id": run.plan.order.id,
        "step_id": run.id_of(step),
        "system": call.system,
        "method": call.method,
        "path": scope.path(call.path),
        "query": query,
        "headers": _texts(scope.render(call.headers)),
        "body": body,
        "format": call.format,
        "accept": call.accept,
    }


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: evaluation.as_text(value) for name, value in values.items()}


def _changed(call: Call, query: Any, body: Any, changes: dict[str, Any]) -> tuple[Any, Any]:
    """What a person gave with `retry` replaces the fields so named: of the body, or where none is, of the query."""
    if call.method in ("get", "delete") and body is None:
        return {**query, **changes}, body
    return query, {**body, **changes} if isinstance(body, dict) else dict(changes)


def start_poll(run: OrderRun, step: StepRun) -> None:
    call, recipe = given(run.definition(step).definition.call), run.recipe(step)
    scope = Scope(run, step, {"response": step.answer or {}})
    request = SystemCall(
        **asked(run, step, call, scope),
        idempotency_key=run.key_of(step),
        timeout=timeout_of(scope),
        retry=run.definition(step).retry,
        fail_when=recipe.answer_fail_when,
        output=run.definition(step).definition.output,
        scope=scope.only(recipe.poll_names),
        until=given(call.poll).until,
    )
    send(run, step, request)


def asked(run: OrderRun, step: StepRun, call: Call, scope: Scope) -> dict[str, Any]:
    """What goes out when a system is asked how a call goes, as fields of a SystemCall. Raises NoValue."""
    poll = given(call.poll)
    return {
        "order_id": run.plan.order.id,
        "step_id": run.id_of(step),
        "system": call.system,
        "method": "get",
        "path": scope.path(poll.get),
        "accept": call.accept,
        "places": run.definition(step).places,
        "every": scope.seconds(poll.every),
    }


def send(run: OrderRun, step: StepRun, request: SystemCall) -> None:
    step.launch += 1
    run.commands.append(StartCall(step.position, step.launch, activity_id(run, step), summary_of(run, step), request))


def call_answered(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    """`answer`: activities.contract.SystemAnswer, as data."""
    call = given(run.definition(step).definition.call)
    step.attempts = answer["attempts"]
    if call.poll is not None:
        step.answer = answer["output"]
        step.phase = Phase.POLL
        _limit(run, step, call.poll.within)
        launch(run, step)
    elif call.callback is not None:
        step.answer = answer["output"]
        step.phase = Phase.CALLBACK
        if step.callback is not None:
            called_back(run, step, step.callback[0])
        else:
            _limit(run, step, call.callback.within)
    else:
        settle(run, step, StepState.COMPLETED, answer["output"])


def _limit(run: OrderRun, step: StepRun, within: Any) -> None:
    if within is not None:
        step.deadline = run.now + Scope(run, step).seconds(within)
        run.wake_at(step, step.deadline)


def poll_answered(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    settle(run, step, StepState.COMPLETED, answer["output"])


def called_back(run: OrderRun, step: StepRun, payload: Any) -> None:
    """The system says that it is done: `payload` is judged as an answer is."""
    scope = Scope(run, step, {"payload": payload, "response": step.answer or {}})
    failure = business_failure(run, step, scope)
    if failure is not None:
        failed(run, step, failure)
        return
    settle(run, step, StepState.COMPLETED, output_of(run, step, scope, payload))
