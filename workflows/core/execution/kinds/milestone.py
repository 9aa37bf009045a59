"""`milestone`: a point that people watch. It completes as soon as its predecessors are settled."""

from __future__ import annotations

from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.settlement import settle


def begin(run: OrderRun, step: StepRun) -> None:
    run.transition(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    settle(run, step, StepState.COMPLETED, {})
    run.audit_log.record(run.now, f"milestone {run.definition(step).name}", run.step_id(step))
