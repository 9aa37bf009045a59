"""`activity`: a Python function that the worker runs."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import StepActivity
from workflows.core.failures.failure_handling import complete_or_fail
from workflows.core.state.commands import StartActivity
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_keys import idempotency_key
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import corrections_in_force
from workflows.core.steps.expression_scope import StepScope, attempt_timeout
from workflows.core.steps.labels import activity_id, activity_summary
from workflows.core.steps.settlement import enqueue_activity


def begin(run: OrderRun, step: StepRun) -> None:
    step.phase = Phase.ACTIVITY
    enqueue_activity(run, step)


def start_activity(run: OrderRun, step: StepRun) -> None:
    start_work(run, step, earlier_attempts=step.attempts, outcome_known=not step.uncertain)


def start_work(run: OrderRun, step: StepRun, *, earlier_attempts: int, outcome_known: bool) -> None:
    """Start the step's own activity. Raises StepExpressionError."""
    planned, scope = run.definition(step), StepScope(run, step)
    given = scope.render(planned.definition.with_)
    emit_activity(
        run,
        step,
        require(planned.definition.activity),
        with_={**given, **corrections_in_force(run, step, given)},
        idempotency_key=idempotency_key(run, step),
        timeout=attempt_timeout(scope),
        retry=planned.retry,
        earlier_attempts=earlier_attempts,
        outcome_known=outcome_known,
    )


def emit_activity(run: OrderRun, step: StepRun, name: str, **fields: Any) -> None:
    """Start the activity `name`. `fields` are those of StepActivity, except order and step."""
    request = StepActivity(order_id=run.plan.order.id, step_id=run.step_id(step), **fields)
    step.launch += 1
    run.commands.append(
        StartActivity(step.position, step.launch, activity_id(run, step), activity_summary(run, step), request, name)
    )


def handle_activity_result(run: OrderRun, step: StepRun, result: dict[str, Any]) -> None:
    """`result` is an activity_contract.calls.StepActivityResult, as data."""
    step.attempts = result["attempts"]
    complete_or_fail(run, step, StepScope(run, step, {"output": result["output"]}), result["output"])
