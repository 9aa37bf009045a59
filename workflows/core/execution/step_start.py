"""A step's turn: its predecessors are settled. Does its condition hold, may it start yet, and then it begins."""

from __future__ import annotations

from math import inf

from compiler.language.steps import Start
from workflows.contract.states import StepState
from workflows.core.execution.cross_order_wait import must_wait
from workflows.core.execution.hold import held_back
from workflows.core.execution.kinds import BEGIN
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import Scope
from workflows.core.steps.settlement import settle
from workflows.core.timing.forecast import latest_start
from workflows.core.timing.sla import start_clock


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
        at = _start(run, step, definition.start, scope)
        if run.now < at < inf:
            run.move(step, StepState.SCHEDULED)
            step.phase, step.again_at = Phase.START, at
            run.wake_at(step, at)
            return
    begin(run, step)


def _start(run: OrderRun, step: StepRun, start: Start, scope: Scope) -> float:
    """`inf` where it is to start as late as a requested completion allows, and none was given: then it does at once."""
    if start.latest:
        return latest_start(run, step)
    return scope.moment(start.at) if start.at is not None else run.now + scope.seconds(start.delay or "0s")


def begin(run: OrderRun, step: StepRun) -> None:
    """The step may start, unless it is held; one that needs an activity stands in line for it (`ready`)."""
    if run.holds.steps and held_back(run, step):
        start_clock(run, step)
        return
    run.move(step, StepState.READY)
    step.again_at = None
    start_clock(run, step)
    BEGIN[run.recipe(step).kind](run, step)
