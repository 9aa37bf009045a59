"""`wait`: for a time, until a moment, or until a condition holds."""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.order_run import OrderRun, given
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import NoValue, Scope
from workflows.core.steps.settlement import settle


def begin(run: OrderRun, step: StepRun) -> None:
    run.move(step, StepState.IN_PROGRESS)
    step.started_at = run.now
    wait, scope = given(run.definition(step).definition.wait), Scope(run, step)
    if wait.condition is not None:
        step.phase = Phase.CONDITION
        watch(run, step)
        if wait.within is not None:
            step.deadline = run.now + scope.seconds(wait.within)
        judge(run, step)
    else:
        step.phase = Phase.TIMER
        step.deadline = (
            scope.moment(wait.until) if wait.until is not None else run.now + scope.seconds(wait.for_ or "0s")
        )
        if step.deadline <= run.now:
            settle(run, step, StepState.COMPLETED, {})
    if step.deadline is not None:
        run.wake_at(step, step.deadline)


def watch(run: OrderRun, step: StepRun) -> None:
    """From now on the condition is judged when something changes that it reads."""
    run.conditions[step.position] = None
    for positions in run.plan.steps[step.position].reads:
        for position in positions:
            if run.steps[position].state not in SETTLED:
                run.condition_readers.setdefault(position, []).append(step.position)


def judge(run: OrderRun, step: StepRun) -> None:
    """Whether the condition holds by now. Where what it reads is not there yet, it does not. Raises NoValue."""
    condition = given(run.definition(step).definition.wait).condition or "true"
    try:
        holds, step.note = Scope(run, step).holds(condition), None
    except NoValue as error:
        if not error.missing:
            raise
        holds, step.note = False, str(error)
    if holds:
        settle(run, step, StepState.COMPLETED, {})


def timer_ended(run: OrderRun, step: StepRun) -> None:
    settle(run, step, StepState.COMPLETED, {})
