"""The switch of an external system, and its circuit breaker: one small state machine without a clock of its own.

It lets calls through, holds them back, or lets them through at a limited rate. Operators switch it off and on; failing
calls and probes do the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workflows.contract.switch_messages import SwitchState


class SwitchEvent(StrEnum):
    TRIPPED = "tripped"
    """In a worker, one call after another has failed because of the system."""
    PROBE_SUCCEEDED = "alive"
    PROBE_FAILED = "dead"
    RAMP_FINISHED = "ramped"
    """The rate has reached its maximum, and the system has not failed again."""
    OFF = "off"
    ON = "on"


_S, _E = SwitchState, SwitchEvent

TRANSITIONS: Mapping[tuple[SwitchState, SwitchEvent], SwitchState] = {
    (_S.CLOSED, _E.TRIPPED): _S.OPEN,
    (_S.CLOSED, _E.OFF): _S.OFF,
    (_S.OPEN, _E.PROBE_SUCCEEDED): _S.HALF_OPEN,
    (_S.OPEN, _E.OFF): _S.OFF,
    (_S.OPEN, _E.ON): _S.HALF_OPEN,  # the operator knows that the system works again
    (_S.HALF_OPEN, _E.TRIPPED): _S.OPEN,
    (_S.HALF_OPEN, _E.RAMP_FINISHED): _S.CLOSED,
    (_S.HALF_OPEN, _E.OFF): _S.OFF,
    (_S.OFF, _E.ON): _S.HALF_OPEN,  # the calls that have waited must not all start at once
}
"""All other events change nothing: they come late or twice, or report calls and probes that were already running."""

INITIAL_PAUSE = timedelta(seconds=2)
MAX_PAUSE = timedelta(minutes=1)
"""Between two probes. The pause doubles with each failed probe, and each time that the system fails again."""
RAMP_RATES = (5.0, 10.0, 20.0, 40.0, 80.0)
"""Calls per second over all workers, one rate after the other. The task queue has four partitions; with less than one
call per second for each of them, calls would start in bursts."""
RAMP_INTERVAL = timedelta(seconds=2)
NO_CALLS = 0.0


class Switch(BaseModel):
    """The state of a system's switch, and why it is so."""

    model_config = ConfigDict(frozen=True)

    state: SwitchState = SwitchState.CLOSED
    since: datetime | None = None
    """None: it has always been closed."""
    by: str | None = None
    """The operator; None: the circuit breaker."""
    reason: str = ""
    error: str | None = None
    """How calls failed when the breaker opened last."""
    rounds: int = 0
    """How often the pause has doubled."""
    step: int = 0
    """Position in RAMP_RATES."""
    next_at: datetime | None = None
    """When the next probe, or the next rate, is due; None: neither."""

    @property
    def rate(self) -> float | None:
        """Calls per second; None: as many as the system's own limits allow."""
        if self.state is SwitchState.CLOSED:
            return None
        return RAMP_RATES[self.step] if self.state is SwitchState.HALF_OPEN else NO_CALLS


class SwitchTrigger(BaseModel):
    """An event. `by` and `reason`: the operator and why; for the breaker, nobody and how calls failed."""

    model_config = ConfigDict(frozen=True)

    event: SwitchEvent
    by: str | None = None
    reason: str = ""


def apply_trigger(switch: Switch, trigger: SwitchTrigger, now: datetime) -> Switch:
    """The switch after the event; the same object if the event changes nothing."""
    state = TRANSITIONS.get((switch.state, trigger.event), switch.state)
    if state is switch.state:
        return _probe_failed_again(switch, now) if (state, trigger.event) == (_S.OPEN, _E.PROBE_FAILED) else switch
    rounds = switch.rounds + 1 if (switch.state, state) == (_S.HALF_OPEN, _S.OPEN) else 0
    if switch.state is _S.OPEN and state is _S.HALF_OPEN and trigger.event is _E.PROBE_SUCCEEDED:
        rounds = switch.rounds  # until the ramp has finished, it counts as the same outage
    return Switch(
        state=state,
        since=now,
        by=trigger.by,
        reason=trigger.reason,
        error=trigger.reason if trigger.event is _E.TRIPPED else switch.error,
        rounds=rounds,
        next_at=_next_at(state, rounds, now),
    )


def _probe_failed_again(switch: Switch, now: datetime) -> Switch:
    rounds = switch.rounds + 1
    return switch.model_copy(update={"rounds": rounds, "next_at": _next_at(switch.state, rounds, now)})


def _next_at(state: SwitchState, rounds: int, now: datetime) -> datetime | None:
    if state is SwitchState.OPEN:
        return now + probe_pause(rounds)
    return now + RAMP_INTERVAL if state is SwitchState.HALF_OPEN else None


def probe_pause(rounds: int) -> timedelta:
    """The pause before the next probe."""
    return min(INITIAL_PAUSE * float(2 ** min(rounds, 10)), MAX_PAUSE)


def ramp_up(switch: Switch, now: datetime, *, limit_reached: bool) -> Switch:
    """A half-open switch goes to its next rate. `limit_reached`: the system's own limit is reached already."""
    if switch.state is not SwitchState.HALF_OPEN:
        return switch
    if limit_reached or switch.step + 1 >= len(RAMP_RATES):
        return apply_trigger(
            switch, SwitchTrigger(event=SwitchEvent.RAMP_FINISHED, reason=switch.reason, by=switch.by), now
        )
    return switch.model_copy(update={"step": switch.step + 1, "next_at": now + RAMP_INTERVAL})
