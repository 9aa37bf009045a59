"""What takes a step's effect back: a call, a Python activity or a person, as its `undo` says.

Where it reads what the step put out, and nobody knows whether the step's call was carried out, the call is first made
once more with its own key: a system that honours the key answers as it did, or does the work now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from activity_contract.calls import StepActivity, SystemCall
from compiler.language.steps import Undo
from workflows.contract.states import StepState
from workflows.core.compensation.undo_order import taken_back
from workflows.core.execution.kinds.call import CALLBACK, asked, send, sent
from workflows.core.state.commands import StartActivity
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope, timeout_of
from workflows.core.steps.labels import activity_id, summary_of
from workflows.core.steps.outcome import business_failure, output_of
from workflows.core.steps.settlement import launch


def undo_of(run: OrderRun, step: StepRun) -> Undo:
    return given(run.definition(step).definition.undo)


def undo_scope(run: OrderRun, step: StepRun, further: dict[str, Any] | None = None) -> Scope:
    return Scope(run, step, {"output": step.output, **(further or {})})


def _undo_timeout(run: OrderRun, step: StepRun, scope: Scope) -> float:
    written = undo_of(run, step).timeout
    return scope.seconds(written) if isinstance(written, str) else run.definition(step).undo_timeout


# To learn what the step did


def learn(run: OrderRun, step: StepRun) -> None:
    """The step's call is made once more; one whose call was answered is only asked how it goes."""
    call = run.definition(step).definition.call
    known = call is not None and call.poll is not None and step.answer is not None
    given(step.undo).phase = Phase.LEARN_POLL if known else Phase.LEARN
    launch(run, step)


def start_learning(run: OrderRun, step: StepRun) -> None:
    planned, recipe, undo = run.definition(step), run.recipe(step), given(step.undo)
    call = planned.definition.call
    scope = Scope(run, step, CALLBACK if call is not None and call.callback else None)
    key, timeout = run.key_of(step), timeout_of(scope)
    if call is None:
        rendered = scope.render(planned.definition.with_)
        _run_activity(
            run,
            step,
            given(planned.definition.activity),
            StepActivity(
                with_={**rendered, **(step.changes or {})},
                order_id=run.plan.order.id,
                step_id=run.id_of(step),
                idempotency_key=key,
                timeout=timeout,
                retry=planned.retry,
                earlier_attempts=undo.attempts,
                outcome_known=False,
            ),
        )
        return
    request = SystemCall(
        **sent(run, step, call, scope, step.changes),
        idempotency_key=key,
        timeout=timeout,
        retry=planned.retry,
        earlier_attempts=undo.attempts,
        outcome_known=False,
        fail_when=[] if call.poll else recipe.answer_fail_when,
        output=recipe.learnt_output,
        scope=scope.only(recipe.learnt_names),
        places=planned.places,
        callback=call.callback is not None,
    )
    send(run, step, request)


def start_learning_by_poll(run: OrderRun, step: StepRun) -> None:
    """Asks once: how far the work is by now does not matter."""
    planned, recipe = run.definition(step), run.recipe(step)
    scope = Scope(run, step, {"response": step.answer or {}})
    request = SystemCall(
        **asked(run, step, given(planned.definition.call), scope),
        idempotency_key=run.key_of(step),
        timeout=timeout_of(scope),
        retry=planned.retry,
        fail_when=recipe.answer_fail_when,
        output=planned.definition.output,
        scope=scope.only(recipe.poll_names),
        until="true",
    )
    send(run, step, request)


def learnt(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    undo = given(step.undo)
    definition = run.definition(step).definition
    if undo.phase is Phase.LEARN and definition.call is not None and definition.call.poll is not None:
        step.answer, undo.phase = answer["output"], Phase.LEARN_POLL
        launch(run, step)
        return
    output = answer["output"]
    if definition.call is None:
        output = output_of(run, step, Scope(run, step, {"output": output}), output)
    if not undo.learnt:
        know_output(step, output)
    undo.attempts = 0
    begin_undo(run, step)


def learn_from_callback(run: OrderRun, step: StepRun, payload: Any) -> None:
    """The system says what it did although nobody waits for it any more. Raises NoValue."""
    scope = Scope(run, step, {"payload": payload, "response": step.answer or {}})
    failure = business_failure(run, step, scope)
    step.uncertain = failure is None
    if failure is not None:
        step.failure = replace(failure, at=run.now)
    know_output(step, None if failure is not None else output_of(run, step, scope, payload))


def know_output(step: StepRun, output: Any) -> None:
    """What the step did is known by now."""
    step.output, step.has_output, given(step.undo).learnt = output, True, True


# To undo it


def begin_undo(run: OrderRun, step: StepRun) -> None:
    undo, written = given(step.undo), undo_of(run, step)
    if written.manual is not None:
        undo.phase = Phase.UNDO_PERSON
        if undo.state is not StepState.IN_PROGRESS:
            run.move_undo(step, StepState.IN_PROGRESS)
        undo_scope(run, step).render(written.manual.instructions)
        return
    undo.phase = Phase.UNDO_CALL if written.call is not None else Phase.UNDO_ACTIVITY
    launch(run, step)


def start_undo_call(run: OrderRun, step: StepRun) -> None:
    undo, call, planned = given(step.undo), given(undo_of(run, step).call), run.definition(step)
    scope = undo_scope(run, step, CALLBACK if call.callback else None)
    request = SystemCall(
        **sent(run, step, call, scope, undo.changes),
        idempotency_key=run.undo_key_of(step),
        timeout=_undo_timeout(run, step, scope),
        retry=planned.undo_retry,
        earlier_attempts=undo.attempts,
        outcome_known=not undo.uncertain,
        output=run.recipe(step).undo_answer_output,
        callback=call.callback is not None,
    )
    send(run, step, request)


def start_undo_poll(run: OrderRun, step: StepRun) -> None:
    undo, call = given(step.undo), given(undo_of(run, step).call)
    scope = undo_scope(run, step, {"response": undo.answer or {}})
    request = SystemCall(
        **asked(run, step, call, scope),
        idempotency_key=run.undo_key_of(step),
        timeout=_undo_timeout(run, step, scope),
        retry=run.definition(step).undo_retry,
        output={},
        scope=scope.only(run.recipe(step).undo_poll_names),
        until=given(call.poll).until,
    )
    send(run, step, request)


def start_undo_activity(run: OrderRun, step: StepRun) -> None:
    undo, written = given(step.undo), undo_of(run, step)
    scope = undo_scope(run, step)
    request = StepActivity(
        with_={**scope.render(written.with_), **(undo.changes or {})},
        order_id=run.plan.order.id,
        step_id=run.id_of(step),
        idempotency_key=run.undo_key_of(step),
        timeout=_undo_timeout(run, step, scope),
        retry=run.definition(step).undo_retry,
        earlier_attempts=undo.attempts,
        outcome_known=not undo.uncertain,
    )
    _run_activity(run, step, given(written.activity), request)


def _run_activity(run: OrderRun, step: StepRun, name: str, request: StepActivity) -> None:
    step.launch += 1
    run.commands.append(
        StartActivity(step.position, step.launch, activity_id(run, step), summary_of(run, step), request, name)
    )


def undo_answered(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    """The call or activity has succeeded; a call may have only begun what it leads to."""
    undo, call = given(step.undo), undo_of(run, step).call
    undo.attempts = answer["attempts"]
    if call is not None and call.poll is not None and undo.phase is Phase.UNDO_CALL:
        undo.answer, undo.phase = answer["output"], Phase.UNDO_POLL
        _limit(run, step, call.poll.within)
        launch(run, step)
    elif call is not None and call.callback is not None and undo.callback is None:
        undo.phase = Phase.UNDO_CALLBACK
        _limit(run, step, call.callback.within)
    else:
        taken_back(run, step)


def _limit(run: OrderRun, step: StepRun, within: Any) -> None:
    if within is not None:
        undo = given(step.undo)
        undo.deadline = run.now + undo_scope(run, step).seconds(within)
        run.wake_at(step, undo.deadline)
