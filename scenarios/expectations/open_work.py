"""What an order waits for that has not ended, for people."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.contract.order_views import ErrorView, StepView
from workflows.contract.states import StepState

MAX_SHOWN = 4
_ENDED_UNDO_STATES = frozenset({StepState.COMPLETED.value, StepState.SKIPPED.value})
_OPEN_STATES = frozenset({StepState.IN_PROGRESS, StepState.FATALLY_FAILED, StepState.ON_HOLD, StepState.FAILED})


def open_work(steps: Sequence[StepView]) -> str:
    """`camera.deliver@1 waits for event delivered; …`: the first few steps; empty if none is open."""
    shown = [text for step in steps if (text := _open_step(step)) is not None]
    return "; ".join(shown[:MAX_SHOWN])


def _error_text(error: ErrorView) -> str:
    """`out_of_stock: none left`"""
    return f"{error.code}: {error.message}" if error.message else error.code


def _open_step(step: StepView) -> str | None:
    undo = step.undo
    if undo is not None and undo.state not in _ENDED_UNDO_STATES:
        why = f" ({_error_text(undo.error)})" if undo.error is not None else ""
        words = f"is in fallout{why}" if undo.state == StepState.FATALLY_FAILED else f"is {undo.state}"
        return f"the undo of {step.id} {words}"
    waits_for_other_order = step.state is StepState.PENDING and step.waits_for is not None
    if step.state not in _OPEN_STATES and not waits_for_other_order:
        return None
    if step.state is StepState.FATALLY_FAILED and step.error is not None:
        return f"{step.id} is in fallout ({_error_text(step.error)})"
    return f"{step.id} waits for {step.waits_for}" if step.waits_for else f"{step.id} is {step.state.value}"
