"""`activity`: a Python function of the worker."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import StepActivity
from workflows.contract.states import StepState
from workflows.core.execution.failure_handling import handle_failure
from workflows.core.state.commands import StartActivity
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope, attempt_timeout
from workflows.core.steps.labels import activity_id, activity_summary
from workflows.core.steps.outcome import business_failure, render_output
from workflows.core.steps.settlement import enqueue_activity, settle


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase = Phase.ACTIVITY
    enqueue_activity(run, step)


def start_activity(run: OrderRun, step: StepRun) -> None:
    planned = run.definition(step)
    scope = StepScope(run, step)
    rendered = scope.render(planned.definition.with_)
    request = StepActivity(
        with_={**rendered, **(step.changes or {})},
        order_id=run.plan.order.id,
        step_id=run.step_id(step),
        idempotency_key=run.idempotency_key(step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        earlier_attempts=step.attempts,
        outcome_known=not step.uncertain,
    )
    step.launch += 1
    name = require(planned.definition.activity)
    run.commands.append(
        StartActivity(step.position, step.launch, activity_id(run, step), activity_summary(run, step), request, name)
    )


def handle_activity_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """`answer`: activities.contract.StepActivityAnswer, as data."""
    step.attempts = result["attempts"]
    scope = StepScope(run, step, {"output": result["output"]})
    failure = business_failure(run, step, scope)
    if failure is not None:
        handle_failure(run, step, failure)
        return
    settle(run, step, StepState.COMPLETED, render_output(run, step, scope, result["output"]))
