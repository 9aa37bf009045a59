"""What an order remembers between two checks of its forecast. Only orders with a requested completion or an SLA have
this."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from workflows.contract.states import SETTLED, Jeopardy, StepState
from workflows.core.state.step_run import Phase, StepRun

STALLED_STATES = frozenset({StepState.FATALLY_FAILED, StepState.ON_HOLD})
"""The forecast counts the whole duration of such a step from now on, so it moves with the time."""


@dataclass(slots=True)
class JeopardyWatch:
    """timing/jeopardy.py maintains it. Steps are positions in the plan; moments are seconds since 1970."""

    reported_jeopardy: Jeopardy = Jeopardy.ON_TRACK
    """The order's jeopardy as last reported."""
    next_check_at: float = inf
    """When to check even if no step settles before."""
    forecast_end: float | None = None
    """When the order will probably end, by the last check. None if it has ended, or has no due time."""
    settled_count: int = 0
    """How many steps had settled at the last check."""
    stale: bool = True
    """Something has happened that may make the order later than its forecast, so check now."""
    latest_starts: list[float] = field(default_factory=list)
    latest_ends: list[float] = field(default_factory=list)
    """The latest times with which nothing is late, as of the last check. Empty if the order was not on track."""
    sla_at_risk: dict[int, None] = field(default_factory=dict)
    """Open steps that are at risk or late by their SLA."""
    escalated_steps: dict[int, None] = field(default_factory=dict)
    """The steps in `sla_at_risk` that were escalated to a queue."""

    def on_state_change(self, step: StepRun, before: StepState, now: float) -> None:
        """The step's state was `before`, and is another one now."""
        if step.sla_clock is not None and _stops_clock(step, before):
            self.stop_clock(step, now)
        if step.state in STALLED_STATES and self.latest_starts and now > self.latest_starts[step.position]:
            self.stale = True

    def stop_clock(self, step: StepRun, now: float) -> None:
        """Stop the step's clock, because nobody waits for the step any more."""
        clock = step.sla_clock
        if clock is not None and clock.is_running:
            clock.stopped_at = now
            self.clear_sla(step.position)

    def on_wake_scheduled(self, step: StepRun, moment: float) -> None:
        """The step cannot start, or end, before that moment."""
        if not self.latest_ends:
            return
        if step.state is StepState.SCHEDULED:
            self.stale = self.stale or moment > self.latest_starts[step.position]
        elif step.again_at == moment or (step.phase is Phase.TIMER and step.deadline == moment):
            self.stale = self.stale or moment > self.latest_ends[step.position]

    def clear_sla(self, position: int) -> None:
        self.sla_at_risk.pop(position, None)
        self.escalated_steps.pop(position, None)


def _stops_clock(step: StepRun, before: StepState) -> bool:
    """The clock goes on when a person retries or resumes the step. It starts again when the step is redone."""
    return step.state in SETTLED or (
        step.state is StepState.PENDING and (before not in STALLED_STATES or step.undo_reason is not None)
    )
