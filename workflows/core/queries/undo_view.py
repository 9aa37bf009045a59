"""What takes a step back, as clients see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.language.steps import Manual
from workflows.contract.order_views import ErrorView, UndoView
from workflows.contract.states import TAKEN_BACK, StepState
from workflows.core.execution.kinds.undo import undo_of, undo_scope
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Failure, Phase, StepRun
from workflows.core.steps.expression_scope import NoValue
from workflows.core.timing.expected_duration import END_OF_TIME


def moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(min(at, END_OF_TIME), UTC)


def error_view(failure: Failure | None) -> ErrorView | None:
    return ErrorView(code=failure.code, message=failure.message, at=moment(failure.at)) if failure else None


def form_view(manual: Manual) -> dict[str, Any]:
    return {name: each.model_dump(mode="json", exclude_none=True) for name, each in manual.form.items()}


def undo_view(run: OrderRun, step: StepRun) -> UndoView | None:
    """None where it is not taken back, and has not been since it was last done."""
    undo = step.undo
    if undo is None or not (undo.open or step.state in TAKEN_BACK):
        return None
    manual = undo_of(run, step).manual if undo.open and undo.phase is Phase.UNDO_PERSON else None
    return UndoView(
        state=undo.state.value,
        attempts=undo.attempts,
        error=error_view(undo.failure),
        waits_for=_waits_for(run, step) if undo.open else None,
        next_attempt_at=moment(undo.again_at),
        due=moment(undo.deadline),
        queue=manual.queue if manual else None,
        instructions=_instructions(run, step, manual.instructions) if manual else None,
        form=form_view(manual) if manual else None,
    )


def _instructions(run: OrderRun, step: StepRun, text: str) -> str:
    try:
        return str(undo_scope(run, step).render(text))
    except NoValue:
        return text


def _waits_for(run: OrderRun, step: StepRun) -> str:
    undo = given(step.undo)
    if undo.state is StepState.FATALLY_FAILED:
        return "a person's decision"
    if undo.state is StepState.ON_HOLD and (hold := run.holds.hold_on(step.position)) is not None:
        return f"{hold.scope} to be resumed, held by {hold.by}" + (f": {hold.reason}" if hold.reason else "")
    if step.stopping:
        return "its last attempt to end"
    return WAITS_FOR[undo.phase](run, step)


def _call_in_words(run: OrderRun, step: StepRun) -> str:
    call = undo_of(run, step).call
    return f"an answer of {call.system}" if call else "an answer"


def _callback_in_words(run: OrderRun, step: StepRun) -> str:
    return f"a callback of {given(undo_of(run, step).call).system}"


def _learning_in_words(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"{call.system if call else 'its activity'} to say what the step did"


def _person_in_words(run: OrderRun, step: StepRun) -> str:
    return f"a person in {given(undo_of(run, step).manual).queue}"


WAITS_FOR: Mapping[Phase, Callable[[OrderRun, StepRun], str]] = {
    Phase.AHEAD: lambda _run, _step: "what depends on it to be undone",
    Phase.LEARN: _learning_in_words,
    Phase.LEARN_POLL: _learning_in_words,
    Phase.UNDO_CALL: _call_in_words,
    Phase.UNDO_POLL: _call_in_words,
    Phase.UNDO_CALLBACK: _callback_in_words,
    Phase.UNDO_ACTIVITY: lambda _run, _step: "its activity to end",
    Phase.UNDO_PERSON: _person_in_words,
}
