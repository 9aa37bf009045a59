"""`activity`: a Python function of the worker."""

from __future__ import annotations

from typing import Any

from activities.contract import StepActivity
from workflows.commands import StartActivity
from workflows.failing import failed, launch
from workflows.judging import business_failure, output_of
from workflows.labels import activity_id, summary_of
from workflows.progress import OrderRun, Phase, StepRun, given
from workflows.scope import Scope, timeout_of
from workflows.settling import settle
from workflows.states import StepState


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
