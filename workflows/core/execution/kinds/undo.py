"""What takes a step's effect back: a call, a Python activity or a person, as its `undo` says.

Where it reads what the step put out, and nobody knows whether the step's call was carried out, the call is first made
once more with its own key: a system that honours the key answers as it did, or does the work now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from activity_contract.calls import StepActivity, SystemCall
from compiler.language.steps import UndoDefinition
from workflows.contract.states import StepState
from workflows.core.compensation.undo_order import mark_undone
from workflows.core.execution.kinds.call import CALLBACK_BINDINGS, call_request_fields, emit_call, poll_request_fields
from workflows.core.state.commands import StartActivity
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope, attempt_timeout
from workflows.core.steps.labels import activity_id, activity_summary
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.settlement import enqueue_activity


def undo_definition(run: OrderRun, step: StepRun) -> UndoDefinition:
    return require(run.definition(step).definition.undo)


def undo_scope(run: OrderRun, step: StepRun, extra: dict[str, Any] | None = None) -> StepScope:
    return StepScope(run, step, {"output": step.output, **(extra or {})})


def _undo_timeout(run: OrderRun, step: StepRun, scope: StepScope) -> float:
    written = undo_definition(run, step).timeout
    return scope.render_duration(written) if isinstance(written, str) else run.definition(step).undo_timeout


# To learn what the step did


def recover_output(run: OrderRun, step: StepRun) -> None:
    """The step's call is made once more; one whose call was answered is only asked how it goes."""
    call = run.definition(step).definition.call
    known = call is not None and call.poll is not None and step.answer is not None
    require(step.undo).phase = Phase.RECOVER_OUTPUT_POLL if known else Phase.RECOVER_OUTPUT
    enqueue_activity(run, step)


def start_output_recovery(run: OrderRun, step: StepRun) -> None:
    planned, recipe, undo = run.definition(step), run.profile(step), require(step.undo)
    call = planned.definition.call
    scope = StepScope(run, step, CALLBACK_BINDINGS if call is not None and call.callback else None)
    key, timeout = run.idempotency_key(step), attempt_timeout(scope)
    if call is None:
        rendered = scope.render(planned.definition.with_)
        _run_activity(
            run,
            step,
            require(planned.definition.activity),
            StepActivity(
                with_={**rendered, **(step.changes or {})},
                order_id=run.plan.order.id,
                step_id=run.step_id(step),
                idempotency_key=key,
                timeout=timeout,
                retry=planned.retry,
                earlier_attempts=undo.attempts,
                outcome_known=False,
            ),
        )
        return
    request = SystemCall(
        **call_request_fields(run, step, call, scope, step.changes),
        idempotency_key=key,
        timeout=timeout,
        retry=planned.retry,
        earlier_attempts=undo.attempts,
        outcome_known=False,
        fail_when=[] if call.poll else recipe.response_fail_when,
        output=recipe.recovery_output,
        scope=scope.subset(recipe.recovery_names),
        places=planned.expression_locations,
        callback=call.callback is not None,
    )
    emit_call(run, step, request)


def start_recovery_poll(run: OrderRun, step: StepRun) -> None:
    """Asks once: how far the work is by now does not matter."""
    planned, recipe = run.definition(step), run.profile(step)
    scope = StepScope(run, step, {"response": step.answer or {}})
    request = SystemCall(
        **poll_request_fields(run, step, require(planned.definition.call), scope),
        idempotency_key=run.idempotency_key(step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        fail_when=recipe.response_fail_when,
        output=planned.definition.output,
        scope=scope.subset(recipe.poll_names),
        until="true",
    )
    emit_call(run, step, request)


def handle_recovery_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    undo = require(step.undo)
    definition = run.definition(step).definition
    if undo.phase is Phase.RECOVER_OUTPUT and definition.call is not None and definition.call.poll is not None:
        step.answer, undo.phase = result["output"], Phase.RECOVER_OUTPUT_POLL
        enqueue_activity(run, step)
        return
    output = result["output"]
    if definition.call is None:
        output = render_output(run, step, StepScope(run, step, {"output": output}), output)
    if not undo.learnt:
        set_recovered_output(step, output)
    undo.attempts = 0
    begin_undo(run, step)


def recover_from_callback(run: OrderRun, step: StepRun, payload: Any) -> None:
    """The system says what it did although nobody waits for it any more. Raises NoValue."""
    scope = StepScope(run, step, {"payload": payload, "response": step.answer or {}})
    failure = business_failure(run, step, scope)
    step.uncertain = failure is None
    if failure is not None:
        step.failure = replace(failure, at=run.now)
    set_recovered_output(step, None if failure is not None else render_output(run, step, scope, payload))


def set_recovered_output(step: StepRun, output: Any) -> None:
    """What the step did is known by now."""
    step.output, step.has_output, require(step.undo).learnt = output, True, True


# To undo it


def begin_undo(run: OrderRun, step: StepRun) -> None:
    undo, written = require(step.undo), undo_definition(run, step)
    if written.manual is not None:
        undo.phase = Phase.UNDO_MANUAL
        if undo.state is not StepState.IN_PROGRESS:
            run.transition_undo(step, StepState.IN_PROGRESS)
        undo_scope(run, step).render(written.manual.instructions)
        return
    undo.phase = Phase.UNDO_CALL if written.call is not None else Phase.UNDO_ACTIVITY
    enqueue_activity(run, step)


def start_undo_call(run: OrderRun, step: StepRun) -> None:
    undo, call, planned = require(step.undo), require(undo_definition(run, step).call), run.definition(step)
    scope = undo_scope(run, step, CALLBACK_BINDINGS if call.callback else None)
    request = SystemCall(
        **call_request_fields(run, step, call, scope, undo.changes),
        idempotency_key=run.undo_idempotency_key(step),
        timeout=_undo_timeout(run, step, scope),
        retry=planned.undo_retry,
        earlier_attempts=undo.attempts,
        outcome_known=not undo.uncertain,
        output=run.profile(step).undo_response_output,
        callback=call.callback is not None,
    )
    emit_call(run, step, request)


def start_undo_poll(run: OrderRun, step: StepRun) -> None:
    undo, call = require(step.undo), require(undo_definition(run, step).call)
    scope = undo_scope(run, step, {"response": undo.answer or {}})
    request = SystemCall(
        **poll_request_fields(run, step, call, scope),
        idempotency_key=run.undo_idempotency_key(step),
        timeout=_undo_timeout(run, step, scope),
        retry=run.definition(step).undo_retry,
        output={},
        scope=scope.subset(run.profile(step).undo_poll_names),
        until=require(call.poll).until,
    )
    emit_call(run, step, request)


def start_undo_activity(run: OrderRun, step: StepRun) -> None:
    undo, written = require(step.undo), undo_definition(run, step)
    scope = undo_scope(run, step)
    request = StepActivity(
        with_={**scope.render(written.with_), **(undo.changes or {})},
        order_id=run.plan.order.id,
        step_id=run.step_id(step),
        idempotency_key=run.undo_idempotency_key(step),
        timeout=_undo_timeout(run, step, scope),
        retry=run.definition(step).undo_retry,
        earlier_attempts=undo.attempts,
        outcome_known=not undo.uncertain,
    )
    _run_activity(run, step, require(written.activity), request)


def _run_activity(run: OrderRun, step: StepRun, name: str, request: StepActivity) -> None:
    step.launch += 1
    run.commands.append(
        StartActivity(step.position, step.launch, activity_id(run, step), activity_summary(run, step), request, name)
    )


def handle_undo_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """The call or activity has succeeded; a call may have only begun what it leads to."""
    undo, call = require(step.undo), undo_definition(run, step).call
    undo.attempts = result["attempts"]
    if call is not None and call.poll is not None and undo.phase is Phase.UNDO_CALL:
        undo.answer, undo.phase = result["output"], Phase.UNDO_POLL
        _set_undo_deadline(run, step, call.poll.within)
        enqueue_activity(run, step)
    elif call is not None and call.callback is not None and undo.early_callback is None:
        undo.phase = Phase.UNDO_CALLBACK
        _set_undo_deadline(run, step, call.callback.within)
    else:
        mark_undone(run, step)


def _set_undo_deadline(run: OrderRun, step: StepRun, within: Any) -> None:
    if within is not None:
        undo = require(step.undo)
        undo.deadline = run.now + undo_scope(run, step).render_duration(within)
        run.wake_at(step, undo.deadline)
