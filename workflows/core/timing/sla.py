"""The clock of a step's `sla`: runs from `ready` until the step is over, whatever happens to the step meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

from compiler.cel import evaluation
from workflows.contract.states import Jeopardy
from workflows.core.notifications import order_events
from workflows.core.notifications.order_events import escalate, is_receiver
from workflows.core.state.order_run import OrderRun
from workflows.core.state.sla_clock import SlaClock
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import Scope
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.jeopardy import in_words


def start_clock(run: OrderRun, step: StepRun) -> None:
    """The step is ready. A clock that runs already goes on: another attempt is no excuse. Raises NoValue."""
    sla = run.definition(step).definition.sla
    if sla is None or run.outlook is None or (step.clock is not None and step.clock.is_running):
        return
    scope = Scope(run, step)
    late_at = min(run.now + scope.seconds(sla.duration), END_OF_TIME)
    risk_at = None if sla.warn is None else max(run.now, late_at - scope.seconds(sla.warn))
    to = None if sla.escalate is None else evaluation.as_text(scope.render(sla.escalate))
    step.clock = SlaClock(since=run.now, late_at=late_at, risk_at=risk_at, escalate=to)
    _wake(run, step, step.clock)


def tick(run: OrderRun, step: StepRun) -> None:
    """The clock has come to a moment that matters."""
    clock, outlook = step.clock, run.outlook
    if clock is None or outlook is None or not clock.is_running:
        return
    before, clock.jeopardy = clock.jeopardy, clock.jeopardy_at(run.now)
    if clock.jeopardy is not before and clock.jeopardy is not Jeopardy.ON_TRACK:
        outlook.overdue[step.position] = None
        run.changed = True
        run.journal.note(run.now, SAID[clock.jeopardy], run.id_of(step), reason=f"late at {in_words(clock.late_at)}")
        late_at = datetime.fromtimestamp(clock.late_at, UTC)
        order_events.note(run, f"step.{clock.jeopardy.value}", step, late_at=late_at)
    if clock.jeopardy is Jeopardy.LATE and clock.escalate is not None and clock.escalated_to is None:
        _escalate(run, step, clock, clock.escalate)
    _wake(run, step, clock)


SAID = {Jeopardy.AT_RISK: "at risk: its sla ends soon", Jeopardy.LATE: "late: its sla has passed"}


def _escalate(run: OrderRun, step: StepRun, clock: SlaClock, to: str) -> None:
    clock.escalated_to = to
    if run.outlook is not None and not is_receiver(run, to):
        run.outlook.escalated[step.position] = None
    run.journal.note(run.now, f"escalated to {to}", run.id_of(step))
    escalate(run, step, to, "its sla has passed")


def move_end(run: OrderRun, step: StepRun, late_at: float) -> None:
    """The clock ends at another moment; what it had said before no longer counts."""
    clock = step.clock
    if clock is None:
        return
    if clock.risk_at is not None:
        clock.risk_at = max(clock.since, clock.risk_at + late_at - clock.late_at)
    clock.late_at = late_at
    clock.jeopardy, clock.escalated_to = Jeopardy.ON_TRACK, None
    if run.outlook is not None:
        run.outlook.forget(step.position)
    run.changed = True
    tick(run, step)


def _wake(run: OrderRun, step: StepRun, clock: SlaClock) -> None:
    if clock.next_at is not None:
        run.wake_at(step, clock.next_at)
