"""`manual`: a person does it, and says so with what the form asks for."""

from __future__ import annotations

from typing import Any

from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import handle_failure
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.settlement import settle


def begin(run: OrderRun, step: StepRun) -> None:
    run.transition(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    step.phase = Phase.MANUAL
    # What cannot be shown to a person parks the step now, not when they look at it.
    StepScope(run, step).render(require(run.definition(step).definition.manual).instructions)


def complete_manual(run: OrderRun, step: StepRun, payload: dict[str, Any]) -> None:
    """`payload`: checked against the form."""
    scope = StepScope(run, step, {"payload": payload})
    failure = business_failure(run, step, scope)
    if failure is not None:
        handle_failure(run, step, failure)
    else:
        settle(run, step, StepState.COMPLETED, render_output(run, step, scope, payload))
