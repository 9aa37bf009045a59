"""`activity`: a Python function of the worker."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import StepActivity
from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import failed
from workflows.core.state.commands import StartActivity
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope, timeout_of
from workflows.core.steps.labels import activity_id, summary_of
from workflows.core.steps.outcome import business_failure, output_of
from workflows.core.steps.settlement import launch, settle


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase = Phase.ACTIVITY
    launch(run, step)


def start_activity(run: OrderRun, step: StepRun) -> None:
    planned = run.definition(step)
    scope = Scope(run, step)
    rendered = scope.render(planned.definition.with_)
    request = StepActivity(
        with_={**rendered, **(step.changes or {})},
        order_id=run.plan.order.id,
        step_id=run.id_of(step),
        idempotency_key=run.key_of(step),
        timeout=timeout_of(scope),
        retry=planned.retry,
        earlier_attempts=step.attempts,
        outcome_known=not step.uncertain,
    )
    step.launch += 1
    name = given(planned.definition.activity)
    run.commands.append(
        StartActivity(step.position, step.launch, activity_id(run, step), summary_of(run, step), request, name)
    )


def activity_answered(run: OrderRun, step: StepRun, answer: dict[str, Any]) -> None:
    """`answer`: activities.contract.StepActivityAnswer, as data."""
    step.attempts = answer["attempts"]
    scope = Scope(run, step, {"output": answer["output"]})
    failure = business_failure(run, step, scope)
    if failure is not None:
        failed(run, step, failure)
        return
    settle(run, step, StepState.COMPLETED, output_of(run, step, scope, answer["output"]))
