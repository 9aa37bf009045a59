"""`wait`: the step waits for a duration, until a moment, or until a condition holds."""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.settlement import settle, start_deadline


def begin(run: OrderRun, step: StepRun) -> None:
    run.transition(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    wait, scope = require(run.definition(step).definition.wait), StepScope(run, step)
    if wait.condition is not None:
        step.phase = Phase.CONDITION
        watch_condition(run, step)
        start_deadline(run, step, step, wait.within, scope)
        check_condition(run, step)
        return
    step.phase = Phase.TIMER
    if wait.until is not None:
        step.deadline = scope.render_time(wait.until)
    else:
        step.deadline = run.now + scope.render_duration(wait.for_ or "0s")
    if step.deadline <= run.now:
        settle(run, step, StepState.COMPLETED, {})
    else:
        run.wake_at(step, step.deadline)


def watch_condition(run: OrderRun, step: StepRun) -> None:
    """From now on, evaluate the condition when something that it reads changes."""
    run.waiting.conditions[step.position] = None
    for positions in run.plan.steps[step.position].reads:
        for position in positions:
            if run.steps[position].state not in SETTLED:
                run.waiting.condition_readers.setdefault(position, []).append(step.position)


def check_condition(run: OrderRun, step: StepRun) -> None:
    """Complete the step if the condition holds. While something that the condition reads is missing, it does not hold.

    Raises StepExpressionError.
    """
    condition = require(run.definition(step).definition.wait).condition or "true"
    try:
        holds, step.note = StepScope(run, step).is_true(condition), None
    except StepExpressionError as error:
        if not error.missing:
            raise
        holds, step.note = False, str(error)
    if holds:
        settle(run, step, StepState.COMPLETED, {})


def handle_timer(run: OrderRun, step: StepRun) -> None:
    settle(run, step, StepState.COMPLETED, {})
