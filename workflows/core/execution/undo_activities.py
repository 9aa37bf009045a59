"""Undoing a step's effect. A call, a Python activity or a person does this, as the step's `undo` says.

The undo may read the step's output. If the step's call got no response, that output is unknown. Then the call is first
repeated with its own key. A system that honours the key gives its earlier answer, or does the work now. If a call was
acknowledged and has not called back, the output comes from the acknowledgement.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compiler.language.steps import UndoDefinition
from workflows.contract.states import StepState
from workflows.core.compensation.undo_order import mark_undone
from workflows.core.execution.kinds import activity, call
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_keys import undo_idempotency_key
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import replace_input
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.outcome import as_json_data, business_failure, render_output
from workflows.core.steps.settlement import enqueue_activity, start_deadline

RECOVERED_TASK_COUNTED = "undo-task-counted-after-recovery"
"""Patch: a person's undo counts as an open task, and shows in its queue, also if the step's output was recovered first.
Before, the end of the task was counted, and its beginning was not."""


def undo_definition(run: OrderRun, step: StepRun) -> UndoDefinition:
    return require(run.definition(step).definition.undo)


def undo_scope(run: OrderRun, step: StepRun, extra: dict[str, Any] | None = None) -> StepScope:
    return StepScope(run, step, {"output": step.output, **(extra or {})})


def _undo_timeout(run: OrderRun, step: StepRun, scope: StepScope) -> float:
    timeout = undo_definition(run, step).timeout
    return scope.render_duration(timeout) if isinstance(timeout, str) else run.definition(step).undo_timeout


# Recovering the step's output


def recover_output(run: OrderRun, step: StepRun) -> None:
    """Repeat the step's work. If its call got a response, only poll."""
    definition = run.definition(step).definition.call
    has_response = definition is not None and definition.poll is not None and step.answer is not None
    require(step.undo).phase = Phase.RECOVER_OUTPUT_POLL if has_response else Phase.RECOVER_OUTPUT
    enqueue_activity(run, step)


def has_acknowledgement(run: OrderRun, step: StepRun) -> bool:
    """Whether a call that has not called back was acknowledged with its current key, and what the output needs is kept.

    Releases before this one did not keep the body.
    """
    definition = run.definition(step).definition.call
    if definition is None or definition.callback is None or not isinstance(step.answer, dict):
        return False
    return run.profile(step).recovery_output is not None or "body" in step.answer


def take_acknowledged_output(run: OrderRun, step: StepRun) -> None:
    """The step's output is what it is without the callback. Raises StepExpressionError."""
    response, template = step.answer, run.profile(step).recovery_output
    rendered = response["body"] if template is None else StepScope(run, step, {"response": response}).render(template)
    set_recovered_output(step, as_json_data(rendered))


def start_output_recovery(run: OrderRun, step: StepRun) -> None:
    profile, attempts = run.profile(step), require(step.undo).attempts
    if run.definition(step).definition.call is None:
        activity.start_work(run, step, earlier_attempts=attempts, outcome_known=False)
    else:
        output, names = profile.recovery_output, profile.recovery_names
        call.start_work(run, step, output, names, earlier_attempts=attempts, outcome_known=False)


def start_recovery_poll(run: OrderRun, step: StepRun) -> None:
    """Poll only once, because the undo does not need the work to be finished."""
    call.start_polling(run, step, "true")


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
    """The system reports what the step did, before its undo has begun. Raises StepExpressionError."""
    scope = StepScope(run, step, {"payload": payload, "response": step.answer or {}})
    failure = business_failure(run, step, scope)
    step.uncertain = failure is None
    if failure is not None:
        step.failure = replace(failure, at=run.now)
    set_recovered_output(step, None if failure is not None else render_output(run, step, scope, payload))


def set_recovered_output(step: StepRun, output: Any) -> None:
    step.output, step.has_output, require(step.undo).learnt = output, True, True


# Undoing


def begin_undo(run: OrderRun, step: StepRun) -> None:
    undo, definition = require(step.undo), undo_definition(run, step)
    if definition.manual is not None:
        undo.phase = Phase.UNDO_MANUAL
        if undo.state is not StepState.IN_PROGRESS:
            run.transition_undo(step, StepState.IN_PROGRESS)
        elif run.is_patched(RECOVERED_TASK_COUNTED):
            run.count_undo_task(step)
        undo_scope(run, step).render(definition.manual.instructions)
        return
    undo.phase = Phase.UNDO_CALL if definition.call is not None else Phase.UNDO_ACTIVITY
    enqueue_activity(run, step)


def start_undo_call(run: OrderRun, step: StepRun) -> None:
    undo, definition = require(step.undo), require(undo_definition(run, step).call)
    scope = undo_scope(run, step, call.CALLBACK_BINDINGS if definition.callback else None)
    fields = call.call_request_fields(definition, scope)
    fields["query"], fields["body"] = replace_input(definition, fields["query"], fields["body"], undo.changes or {})
    call.emit_call(
        run,
        step,
        **fields,
        **_undo_attempt_fields(run, step, scope),
        output=run.profile(step).undo_response_output,
        callback=definition.callback is not None,
    )


def start_undo_poll(run: OrderRun, step: StepRun) -> None:
    definition = require(undo_definition(run, step).call)
    scope = undo_scope(run, step, {"response": require(step.undo).answer or {}})
    call.emit_call(
        run,
        step,
        **call.poll_request_fields(run, step, definition, scope),
        idempotency_key=undo_idempotency_key(run, step),
        timeout=_undo_timeout(run, step, scope),
        retry=run.definition(step).undo_retry,
        output={},
        scope=scope.subset(run.profile(step).undo_poll_names),
        until=require(definition.poll).until,
    )


def start_undo_activity(run: OrderRun, step: StepRun) -> None:
    definition, scope = undo_definition(run, step), undo_scope(run, step)
    activity.emit_activity(
        run,
        step,
        require(definition.activity),
        with_={**scope.render(definition.with_), **(require(step.undo).changes or {})},
        **_undo_attempt_fields(run, step, scope),
    )


def _undo_attempt_fields(run: OrderRun, step: StepRun, scope: StepScope) -> dict[str, Any]:
    undo = require(step.undo)
    return {
        "idempotency_key": undo_idempotency_key(run, step),
        "timeout": _undo_timeout(run, step, scope),
        "retry": run.definition(step).undo_retry,
        "earlier_attempts": undo.attempts,
        "outcome_known": not undo.uncertain,
    }


def handle_undo_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """The call or activity has succeeded. A call may have only started the undo."""
    undo, definition = require(step.undo), undo_definition(run, step).call
    undo.attempts = result["attempts"]
    if definition is not None and definition.poll is not None and undo.phase is Phase.UNDO_CALL:
        undo.answer, undo.phase = result["output"], Phase.UNDO_POLL
        start_deadline(run, step, undo, definition.poll.within, undo_scope(run, step))
        enqueue_activity(run, step)
    elif definition is not None and definition.callback is not None and undo.early_callback is None:
        undo.phase = Phase.UNDO_CALLBACK
        start_deadline(run, step, undo, definition.callback.within, undo_scope(run, step))
    else:
        mark_undone(run, step)
