"""`manual`: a person does it, and completes it with the data that the form asks for."""

from __future__ import annotations

from typing import Any

from workflows.contract.states import StepState
from workflows.core.failures.failure_handling import complete_or_fail
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope


def begin(run: OrderRun, step: StepRun) -> None:
    run.transition(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    step.phase = Phase.MANUAL
    # Instructions that cannot be rendered move the step to fallout now, not when a person opens the task.
    StepScope(run, step).render(require(run.definition(step).definition.manual).instructions)


def complete_manual(run: OrderRun, step: StepRun, payload: dict[str, Any]) -> None:
    """`payload`: validated against the form."""
    complete_or_fail(run, step, StepScope(run, step, {"payload": payload}), payload)
