"""`call`: one HTTP call; done with its answer, with a callback, or when polling finds what was waited for."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from compiler.language.steps import CallDefinition
from compiler.values import as_text
from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import handle_failure
from workflows.core.state.commands import StartCall
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope, attempt_timeout
from workflows.core.steps.labels import activity_id, activity_summary
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.settlement import enqueue_activity, settle

CALLBACK_BINDINGS = {"callback": {"url": CALLBACK_URL, "id": CALLBACK_ID}}


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase = Phase.CALL
    enqueue_activity(run, step)


def start_call(run: OrderRun, step: StepRun) -> None:
    call, planned, recipe = require(run.definition(step).definition.call), run.definition(step), run.profile(step)
    scope = StepScope(run, step, CALLBACK_BINDINGS if call.callback else None)
    request = SystemCall(
        **call_request_fields(run, step, call, scope, step.changes),
        idempotency_key=run.idempotency_key(step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        earlier_attempts=step.attempts,
        outcome_known=not step.uncertain,
        fail_when=[] if call.poll else recipe.response_fail_when,
        output=recipe.response_output,
        scope=scope.subset(recipe.response_names),
        places=planned.expression_locations if recipe.response_output is not None or recipe.response_fail_when else {},
        callback=call.callback is not None,
    )
    emit_call(run, step, request)


def call_request_fields(
    run: OrderRun, step: StepRun, call: CallDefinition, scope: StepScope, changes: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What goes out with a call of this step, as fields of a SystemCall. Raises NoValue."""
    query, body = scope.render(call.query), scope.render(call.body)
    if changes:
        query, body = _apply_changes(call, query, body, changes)
    return {
        "order_id": run.plan.order.id,
        "step_id": run.step_id(step),
        "system": call.system,
        "method": call.method,
        "path": scope.render_path(call.path),
        "query": query,
        "headers": _as_texts(scope.render(call.headers)),
        "body": body,
        "format": call.format,
        "accept": call.accept,
    }


def _as_texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: as_text(value) for name, value in values.items()}


def _apply_changes(call: CallDefinition, query: Any, body: Any, changes: dict[str, Any]) -> tuple[Any, Any]:
    """What a person gave with `retry` replaces the fields so named: of the body, or where none is, of the query."""
    if call.method in ("get", "delete") and body is None:
        return {**query, **changes}, body
    return query, {**body, **changes} if isinstance(body, dict) else dict(changes)


def start_poll(run: OrderRun, step: StepRun) -> None:
    call, recipe = require(run.definition(step).definition.call), run.profile(step)
    scope = StepScope(run, step, {"response": step.answer or {}})
    request = SystemCall(
        **poll_request_fields(run, step, call, scope),
        idempotency_key=run.idempotency_key(step),
        timeout=attempt_timeout(scope),
        retry=run.definition(step).retry,
        fail_when=recipe.response_fail_when,
        output=run.definition(step).definition.output,
        scope=scope.subset(recipe.poll_names),
        until=require(call.poll).until,
    )
    emit_call(run, step, request)


def poll_request_fields(run: OrderRun, step: StepRun, call: CallDefinition, scope: StepScope) -> dict[str, Any]:
    """What goes out when a system is asked how a call goes, as fields of a SystemCall. Raises NoValue."""
    poll = require(call.poll)
    return {
        "order_id": run.plan.order.id,
        "step_id": run.step_id(step),
        "system": call.system,
        "method": "get",
        "path": scope.render_path(poll.get),
        "accept": call.accept,
        "places": run.definition(step).expression_locations,
        "every": scope.render_duration(poll.every),
    }


def emit_call(run: OrderRun, step: StepRun, request: SystemCall) -> None:
    step.launch += 1
    run.commands.append(
        StartCall(step.position, step.launch, activity_id(run, step), activity_summary(run, step), request)
    )


def handle_call_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """`answer`: activities.contract.SystemAnswer, as data."""
    call = require(run.definition(step).definition.call)
    step.attempts = result["attempts"]
    if call.poll is not None:
        step.answer = result["output"]
        step.phase = Phase.POLL
        _set_deadline(run, step, call.poll.within)
        enqueue_activity(run, step)
    elif call.callback is not None:
        step.answer = result["output"]
        step.phase = Phase.CALLBACK
        if step.early_callback is not None:
            handle_callback(run, step, step.early_callback[0])
        else:
            _set_deadline(run, step, call.callback.within)
    else:
        settle(run, step, StepState.COMPLETED, result["output"])


def _set_deadline(run: OrderRun, step: StepRun, within: Any) -> None:
    if within is not None:
        step.deadline = run.now + StepScope(run, step).render_duration(within)
        run.wake_at(step, step.deadline)


def handle_poll_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    settle(run, step, StepState.COMPLETED, result["output"])


def handle_callback(run: OrderRun, step: StepRun, payload: Any) -> None:
    """The system says that it is done: `payload` is judged as an answer is."""
    scope = StepScope(run, step, {"payload": payload, "response": step.answer or {}})
    failure = business_failure(run, step, scope)
    if failure is not None:
        handle_failure(run, step, failure)
        return
    settle(run, step, StepState.COMPLETED, render_output(run, step, scope, payload))
