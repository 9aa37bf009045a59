"""The undo of a step as clients see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.language.steps import ManualDefinition
from workflows.contract.order_views import ErrorView, UndoView
from workflows.contract.states import CANCELLED_STATES, StepState
from workflows.core.execution.undo_activities import undo_definition, undo_scope
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepFailure, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.timing.expected_duration import END_OF_TIME


def to_utc(at: float) -> datetime:
    return datetime.fromtimestamp(min(at, END_OF_TIME), UTC)


def to_datetime(at: float | None) -> datetime | None:
    return None if at is None else to_utc(at)


def error_view(failure: StepFailure | None) -> ErrorView | None:
    return ErrorView(code=failure.code, message=failure.message, at=to_datetime(failure.at)) if failure else None


def form_view(manual: ManualDefinition) -> dict[str, Any]:
    return {name: each.model_dump(mode="json", exclude_none=True) for name, each in manual.form.items()}


def undo_view(run: OrderRun, step: StepRun) -> UndoView | None:
    """None if the step has not been undone and is not being undone."""
    undo = step.undo
    if undo is None or not (undo.is_open or step.state in CANCELLED_STATES):
        return None
    manual = undo_definition(run, step).manual if undo.is_open and undo.phase is Phase.UNDO_MANUAL else None
    return UndoView(
        state=undo.state.value,
        attempts=undo.attempts,
        error=error_view(undo.failure),
        waits_for=_describe_wait(run, step) if undo.is_open else None,
        next_attempt_at=to_datetime(undo.again_at),
        due=to_datetime(undo.deadline),
        queue=manual.queue if manual else None,
        instructions=rendered_instructions(run, step, manual, undo_scope),
        form=form_view(manual) if manual else None,
    )


def rendered_instructions(
    run: OrderRun, step: StepRun, manual: ManualDefinition | None, scope: Callable[[OrderRun, StepRun], StepScope]
) -> str | None:
    """The rendered instructions. If they cannot be rendered, they stay as written."""
    if manual is None:
        return None
    try:
        return str(scope(run, step).render(manual.instructions))
    except StepExpressionError:
        return manual.instructions


def _describe_wait(run: OrderRun, step: StepRun) -> str:
    undo = require(step.undo)
    if undo.state is StepState.FATALLY_FAILED:
        return "a person's decision"
    if undo.state is StepState.ON_HOLD and (hold := run.holds.hold_for_step(step.position)) is not None:
        return hold.description
    if step.stopping:
        return "its last attempt to end"
    return WAIT_DESCRIPTIONS[undo.phase](run, step)


def _describe_call(run: OrderRun, step: StepRun) -> str:
    call = undo_definition(run, step).call
    return f"an answer of {call.system}" if call else "an answer"


def _describe_callback(run: OrderRun, step: StepRun) -> str:
    return f"a callback of {require(undo_definition(run, step).call).system}"


def _describe_recovery(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"{call.system if call else 'its activity'} to say what the step did"


def _describe_person(run: OrderRun, step: StepRun) -> str:
    return f"a person in {require(undo_definition(run, step).manual).queue}"


WAIT_DESCRIPTIONS: Mapping[Phase, Callable[[OrderRun, StepRun], str]] = {
    Phase.IDLE: lambda _run, _step: "what depends on it to be undone",
    Phase.RECOVER_OUTPUT: _describe_recovery,
    Phase.RECOVER_OUTPUT_POLL: _describe_recovery,
    Phase.UNDO_CALL: _describe_call,
    Phase.UNDO_POLL: _describe_call,
    Phase.UNDO_CALLBACK: _describe_callback,
    Phase.UNDO_ACTIVITY: lambda _run, _step: "its activity to end",
    Phase.UNDO_MANUAL: _describe_person,
}
