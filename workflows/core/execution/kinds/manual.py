"""`manual`: a person does it, and says so with what the form asks for."""

from __future__ import annotations

from typing import Any

from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import failed
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope
from workflows.core.steps.outcome import business_failure, output_of
from workflows.core.steps.settlement import settle


def begin(run: OrderRun, step: StepRun) -> None:
    run.move(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    step.phase = Phase.PERSON
    # What cannot be shown to a person parks the step now, not when they look at it.
    Scope(run, step).render(given(run.definition(step).definition.manual).instructions)


def done(run: OrderRun, step: StepRun, payload: dict[str, Any]) -> None:
    """`payload`: checked against the form."""
    scope = Scope(run, step, {"payload": payload})
    failure = business_failure(run, step, scope)
    if failure is not None:
        failed(run, step, failure)
    else:
        settle(run, step, StepState.COMPLETED, output_of(run, step, scope, payload))
