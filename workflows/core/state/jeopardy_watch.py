"""What is kept of an order's prospects between two looks at them; none for an order that promises nothing by a date."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from workflows.contract.states import SETTLED, Jeopardy, StepState
from workflows.core.state.step_run import Phase, StepRun

STALLED_STATES = frozenset({StepState.FATALLY_FAILED, StepState.ON_HOLD})
"""What is stuck takes all its time from the moment at which it is not stuck any more."""


@dataclass(slots=True)
class JeopardyWatch:
    """timing/jeopardy.py works with it. Steps are positions in the plan; moments are seconds since 1970."""

    reported_jeopardy: Jeopardy = Jeopardy.ON_TRACK
    """Of the requested completions, as it was told last."""
    next_check_at: float = inf
    """When to look again although nothing has ended."""
    settled_count: int = 0
    """Steps that had ended at the last look."""
    stale: bool = True
    """Something is known that makes the order later than it looked."""
    latest_starts: list[float] = field(default_factory=list)
    latest_ends: list[float] = field(default_factory=list)
    """With which every promise is kept, by the last look; empty where it is no matter."""
    sla_at_risk: dict[int, None] = field(default_factory=dict)
    """Open steps that are at risk or late by their sla."""
    escalated_steps: dict[int, None] = field(default_factory=dict)
    """Those of them that were escalated."""

    def on_state_change(self, step: StepRun, before: StepState, now: float) -> None:
        """The step is in another state than `before`: the clock of what is over stops."""
        if step.sla_clock is not None and _stops_clock(step, before):
            self.stop_clock(step, now)
        if step.state in STALLED_STATES and self.latest_starts and now > self.latest_starts[step.position]:
            self.stale = True

    def stop_clock(self, step: StepRun, now: float) -> None:
        """Nobody waits for its work any more: its clock stops."""
        clock = step.sla_clock
        if clock is not None and clock.is_running:
            clock.stopped_at = now
            self.clear_sla(step.position)

    def on_wake_scheduled(self, step: StepRun, moment: float) -> None:
        """The step will start, be tried again or end at that moment, and not before."""
        if not self.latest_ends:
            return
        if step.state is StepState.SCHEDULED:
            self.stale = self.stale or moment > self.latest_starts[step.position]
        elif step.again_at == moment or (step.phase is Phase.TIMER and step.deadline == moment):
            self.stale = self.stale or moment > self.latest_ends[step.position]

    def clear_sla(self, position: int) -> None:
        """The step's sla is no matter any more."""
        self.sla_at_risk.pop(position, None)
        self.escalated_steps.pop(position, None)


def _stops_clock(step: StepRun, before: StepState) -> bool:
    """What a person retries or what was held counts on; what is done again counts anew."""
    return step.state in SETTLED or (
        step.state is StepState.PENDING and (before not in STALLED_STATES or step.undo_reason is not None)
    )
