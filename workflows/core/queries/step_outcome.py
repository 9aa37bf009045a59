"""How one step stands, in short."""

from __future__ import annotations

from activity_contract.bulk import StepOutcome, StepOutcomeRequest
from workflows.core.state.order_run import OrderRun
from workflows.core.steps.refusal import find_step


def step_outcome(run: OrderRun, request: StepOutcomeRequest) -> StepOutcome:
    """Raises RequestRefused if there is no such step."""
    step = find_step(run, request.step)
    undo = step.undo if step.undo is not None and step.undo.is_open else None
    failure = undo.failure if undo is not None else step.failure
    return StepOutcome(
        state=(undo.state if undo is not None else step.state).value,
        code=failure.code if failure else None,
        message=failure.message if failure else "",
    )
