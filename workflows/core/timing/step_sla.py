"""A step's `sla`. Its clock runs from `ready` until the step settles. Retries, fallout and holds do not stop it."""

from __future__ import annotations

from datetime import UTC, datetime

from compiler.values import as_text
from workflows.contract.states import Jeopardy
from workflows.core.notifications import order_events
from workflows.core.notifications.order_events import escalate, is_receiver
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.state.step_sla_clock import SlaClock
from workflows.core.steps.expression_scope import StepScope
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.order_jeopardy import format_moment


def start_sla_clock(run: OrderRun, step: StepRun) -> None:
    """Start the clock, because the step is ready. A running clock continues. Raises StepExpressionError."""
    sla = run.definition(step).definition.sla
    if sla is None or run.jeopardy_watch is None or (step.sla_clock is not None and step.sla_clock.is_running):
        return
    scope = StepScope(run, step)
    late_at = min(run.now + scope.render_duration(sla.duration), END_OF_TIME)
    risk_at = None if sla.warn is None else max(run.now, late_at - scope.render_duration(sla.warn))
    target = None if sla.escalate is None else as_text(scope.render(sla.escalate))
    step.sla_clock = SlaClock(started_at=run.now, late_at=late_at, at_risk_at=risk_at, escalate_to=target)
    _schedule_tick(run, step, step.sla_clock)


def tick(run: OrderRun, step: StepRun) -> None:
    """The clock has reached `next_tick_at`, or its times have been moved."""
    clock, watch = step.sla_clock, run.jeopardy_watch
    if clock is None or watch is None or not clock.is_running:
        return
    before, clock.jeopardy = clock.jeopardy, clock.jeopardy_at(run.now)
    if clock.jeopardy is not before and clock.jeopardy is not Jeopardy.ON_TRACK:
        watch.sla_at_risk[step.position] = None
        run.view_changed = True
        run.audit_log.record(
            run.now, SLA_MESSAGES[clock.jeopardy], run.step_id(step), reason=f"late at {format_moment(clock.late_at)}"
        )
        late_at = datetime.fromtimestamp(clock.late_at, UTC)
        order_events.record_event(run, f"step.{clock.jeopardy.value}", step, late_at=late_at)
    if clock.jeopardy is Jeopardy.LATE and clock.escalate_to is not None and clock.escalated_to is None:
        _escalate(run, step, clock, clock.escalate_to)
    _schedule_tick(run, step, clock)


SLA_MESSAGES = {Jeopardy.AT_RISK: "at risk: its sla ends soon", Jeopardy.LATE: "late: its sla has passed"}


def _escalate(run: OrderRun, step: StepRun, clock: SlaClock, target: str) -> None:
    clock.escalated_to = target
    run.open_work.mark(step.position)
    if run.jeopardy_watch is not None and not is_receiver(run, target):
        run.jeopardy_watch.escalated_steps[step.position] = None
    run.audit_log.record(run.now, f"escalated to {target}", run.step_id(step))
    escalate(run, step, target, "its sla has passed")


def move_sla_deadline(run: OrderRun, step: StepRun, late_at: float) -> None:
    """Move the end of the SLA, then determine and report the jeopardy again."""
    clock = step.sla_clock
    if clock is None:
        return
    if clock.at_risk_at is not None:
        clock.at_risk_at = max(clock.started_at, clock.at_risk_at + late_at - clock.late_at)
    clock.late_at = late_at
    clock.jeopardy, clock.escalated_to = Jeopardy.ON_TRACK, None
    run.open_work.mark(step.position)
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.clear_sla(step.position)
    run.view_changed = True
    tick(run, step)


def _schedule_tick(run: OrderRun, step: StepRun, clock: SlaClock) -> None:
    if clock.next_tick_at is not None:
        run.wake_at(step, clock.next_tick_at)
