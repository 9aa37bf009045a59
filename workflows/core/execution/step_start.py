"""Starting a step whose predecessors are settled: cross-order waits, `when`, start time, hold, then its work."""

from __future__ import annotations

from math import inf

from compiler.language.steps import StartDefinition
from workflows.contract.states import StepState
from workflows.core.execution.cross_order_wait import wait_for_other_orders
from workflows.core.execution.dispatch import BEGIN_HANDLERS
from workflows.core.execution.hold import hold_if_held
from workflows.core.failures.relied_on_failed import stop_if_relied_on_failed
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.settlement import settle
from workflows.core.timing.forecast import latest_start
from workflows.core.timing.step_sla import start_sla_clock


def try_start(run: OrderRun, step: StepRun) -> None:
    """Skip, schedule or begin the step. Raises StepExpressionError."""
    if run.compensation.rolled_back and not step.has_started and stop_if_relied_on_failed(run, step):
        return
    definition = run.definition(step).definition
    if run.profile(step).other_orders and wait_for_other_orders(run, step):
        return
    scope = StepScope(run, step) if definition.when is not None or definition.start is not None else None
    if scope is not None and definition.when is not None and not scope.is_true(definition.when):
        settle(run, step, StepState.SKIPPED)
        return
    if scope is not None and definition.start is not None:
        start = _start_time(run, step, definition.start, scope)
        if run.now < start < inf:
            run.transition(step, StepState.SCHEDULED)
            step.phase, step.again_at = Phase.SCHEDULED, start
            run.wake_at(step, start)
            return
    begin(run, step)


def _start_time(run: OrderRun, step: StepRun, start: StartDefinition, scope: StepScope) -> float:
    """When the step may start. For `latest` without a requested completion it is `inf`, and the step starts at once."""
    if start.latest:
        return latest_start(run, step)
    return scope.render_time(start.at) if start.at is not None else run.now + scope.render_duration(start.delay or "0s")


def begin(run: OrderRun, step: StepRun) -> None:
    """Begin the step, unless it is on hold. If it needs an activity, it stays `ready` until that starts."""
    if run.holds.held_steps and hold_if_held(run, step):
        start_sla_clock(run, step)
        return
    run.transition(step, StepState.READY)
    step.again_at = None
    start_sla_clock(run, step)
    BEGIN_HANDLERS[run.profile(step).kind](run, step)
