"""What speaks against giving up each step, so that of several units those go first that have done least."""

from __future__ import annotations

from compiler.decomposition.running_units import StepWeight
from workflows.core.amendment.impact import StepProgress, step_progress
from workflows.core.compensation.rollback import is_past_ponr
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun

_WEIGHTS = {
    StepProgress.NOT_STARTED: StepWeight.NOT_BEGUN,
    StepProgress.SKIPPED: StepWeight.NOT_BEGUN,
    StepProgress.WAITING: StepWeight.WAITING,
    StepProgress.CANCELLED: StepWeight.CANCELLED,
}


def step_weights(run: OrderRun) -> list[int]:
    """A StepWeight for each step, by position. Empty if the order has no units."""
    if not any(line.per == "unit" for line in run.plan.fulfilment_lines):
        return []
    return [_weight(run, step).value for step in run.steps]


def _weight(run: OrderRun, step: StepRun) -> StepWeight:
    if is_past_ponr(run, step):
        return StepWeight.PAST_PONR
    return _WEIGHTS.get(step_progress(run, step), StepWeight.BEGUN)
