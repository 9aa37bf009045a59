"""The clock of one step's `sla`."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from workflows.contract.states import Jeopardy


@dataclass(slots=True)
class SlaClock:
    """Moments are seconds since 1970."""

    started_at: float
    """When the step became ready."""
    late_at: float
    at_risk_at: float | None
    """When the step becomes at risk. None if it goes directly from on track to late."""
    escalate_to: str | None
    """A queue, or a receiver of notifications."""
    jeopardy: Jeopardy = Jeopardy.ON_TRACK
    """The jeopardy as last reported."""
    escalated_to: str | None = None
    stopped_at: float | None = None

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None

    @property
    def next_tick_at(self) -> float | None:
        """When its jeopardy changes next."""
        if not self.is_running or self.jeopardy is Jeopardy.LATE:
            return None
        return self.late_at if self.jeopardy is Jeopardy.AT_RISK or self.at_risk_at is None else self.at_risk_at

    def jeopardy_at(self, now: float) -> Jeopardy:
        if now >= self.late_at:
            return Jeopardy.LATE
        return Jeopardy.AT_RISK if self.at_risk_at is not None and now >= self.at_risk_at else Jeopardy.ON_TRACK

    def snapshot(self) -> tuple[Any, ...] | None:
        """None: the clock has stopped, and was on track."""
        return astuple(self) if self.is_running or self.jeopardy is not Jeopardy.ON_TRACK else None

    @classmethod
    def restore(cls, fields: list[Any]) -> SlaClock:
        clock = cls(*fields)
        clock.jeopardy = Jeopardy(clock.jeopardy)
        return clock
