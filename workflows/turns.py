"""A step's turn: its predecessors are settled. Does its condition hold, may it start yet, and then it begins."""

from __future__ import annotations

from workflows.kinds import BEGIN
from workflows.other_orders import must_wait
from workflows.progress import OrderRun, Phase, StepRun
from workflows.scope import Scope
from workflows.settling import settle
from workflows.states import StepState


def take_turn(run: OrderRun, step: StepRun) -> None:
    """Skips, schedules or begins the step. Raises NoValue."""
    definition = run.definition(step).definition
    if run.recipe(step).other_orders and must_wait(run, step):
        return
    scope = Scope(run, step) if definition.when is not None or definition.start is not None else None
    if scope is not None and definition.when is not None and not scope.holds(definition.when):
        settle(run, step, StepState.SKIPPED)
        return
    if scope is not None and definition.start is not None:
        start = definition.start
        at = scope.moment(start.at) if start.at is not None else run.now + scope.seconds(start.delay or "0s")
        if at > run.now:
            run.move(step, StepState.SCHEDULED)
            step.phase, step.again_at = Phase.START, at
            run.wake_at(step, at)
            return
    begin(run, step)


def begin(run: OrderRun, step: StepRun) -> None:
    """The step may start; one that needs an activity stands in line for it (`ready`)."""
    run.move(step, StepState.READY)
    step.again_at = None
    BEGIN[run.recipe(step).kind](run, step)
