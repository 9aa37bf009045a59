"""The switch of a system and its circuit breaker: one small state machine, without a clock of its own.

Calls are let through, held back, or let through at a pace; who decides is an operator (off, on), or what the calls
themselves and a probe have met.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workflows.contract.switch_messages import SwitchState


class SwitchEvent(StrEnum):
    TRIPPED = "tripped"
    """A worker has met failure after failure of the system itself."""
    PROBE_SUCCEEDED = "alive"
    """A probe was answered."""
    PROBE_FAILED = "dead"
    """A probe was not."""
    RAMP_FINISHED = "ramped"
    """The pace has risen to its end without the system failing again."""
    OFF = "off"
    ON = "on"


_S, _E = SwitchState, SwitchEvent

TRANSITIONS: Mapping[tuple[SwitchState, SwitchEvent], SwitchState] = {
    (_S.CLOSED, _E.TRIPPED): _S.OPEN,
    (_S.CLOSED, _E.PROBE_SUCCEEDED): _S.CLOSED,  # the answer to a probe of before
    (_S.CLOSED, _E.PROBE_FAILED): _S.CLOSED,
    (_S.CLOSED, _E.RAMP_FINISHED): _S.CLOSED,
    (_S.CLOSED, _E.OFF): _S.OFF,
    (_S.CLOSED, _E.ON): _S.CLOSED,
    (_S.OPEN, _E.TRIPPED): _S.OPEN,  # calls that were under way
    (_S.OPEN, _E.PROBE_SUCCEEDED): _S.HALF_OPEN,
    (_S.OPEN, _E.PROBE_FAILED): _S.OPEN,
    (_S.OPEN, _E.RAMP_FINISHED): _S.OPEN,
    (_S.OPEN, _E.OFF): _S.OFF,
    (_S.OPEN, _E.ON): _S.HALF_OPEN,  # the operator knows that it is back
    (_S.HALF_OPEN, _E.TRIPPED): _S.OPEN,
    (_S.HALF_OPEN, _E.PROBE_SUCCEEDED): _S.HALF_OPEN,
    (_S.HALF_OPEN, _E.PROBE_FAILED): _S.HALF_OPEN,
    (_S.HALF_OPEN, _E.RAMP_FINISHED): _S.CLOSED,
    (_S.HALF_OPEN, _E.OFF): _S.OFF,
    (_S.HALF_OPEN, _E.ON): _S.HALF_OPEN,
    (_S.OFF, _E.TRIPPED): _S.OFF,  # calls that were under way
    (_S.OFF, _E.PROBE_SUCCEEDED): _S.OFF,
    (_S.OFF, _E.PROBE_FAILED): _S.OFF,
    (_S.OFF, _E.RAMP_FINISHED): _S.OFF,
    (_S.OFF, _E.OFF): _S.OFF,
    (_S.OFF, _E.ON): _S.HALF_OPEN,  # what has waited meanwhile must not come down on the system at once
}
"""Every state with every event: what comes late, or twice, changes nothing."""

INITIAL_PAUSE = timedelta(seconds=2)
MAX_PAUSE = timedelta(minutes=1)
"""Between two probes; each one that is not answered, and each time that the system fails again, doubles the pause."""
RAMP_RATES = (5.0, 10.0, 20.0, 40.0, 80.0)
"""Calls a second, over all workers, one after the other. Less than one a second for each partition of the queue (there
are four) would come in lumps."""
RAMP_INTERVAL = timedelta(seconds=2)
NO_CALLS = 0.0


class Switch(BaseModel):
    """Where a system's switch stands, and why."""

    model_config = ConfigDict(frozen=True)

    state: SwitchState = SwitchState.CLOSED
    since: datetime | None = None
    """None: it has never been anything but closed."""
    by: str | None = None
    """The operator; None: nobody, it was the breaker."""
    reason: str = ""
    error: str | None = None
    """What the calls met when the breaker opened last."""
    rounds: int = 0
    """So often has the pause doubled."""
    step: int = 0
    """Of the ramp."""
    next_at: datetime | None = None
    """When the next probe, or the next step of the ramp, is due; None: nothing is."""

    @property
    def rate(self) -> float | None:
        """Calls a second that may go through; None: as many as the system's own limits allow."""
        if self.state is SwitchState.CLOSED:
            return None
        return RAMP_RATES[self.step] if self.state is SwitchState.HALF_OPEN else NO_CALLS


class SwitchTrigger(BaseModel):
    """An event, with who and why where a person is behind it, and with what was met otherwise."""

    model_config = ConfigDict(frozen=True)

    event: SwitchEvent
    by: str | None = None
    reason: str = ""


def apply_trigger(switch: Switch, trigger: SwitchTrigger, now: datetime) -> Switch:
    """The switch after the event; the same object where the event changes nothing."""
    state = TRANSITIONS[switch.state, trigger.event]
    if state is switch.state:
        return _probe_failed_again(switch, now) if (state, trigger.event) == (_S.OPEN, _E.PROBE_FAILED) else switch
    rounds = switch.rounds + 1 if (switch.state, state) == (_S.HALF_OPEN, _S.OPEN) else 0
    if switch.state is _S.OPEN and state is _S.HALF_OPEN and trigger.event is _E.PROBE_SUCCEEDED:
        rounds = switch.rounds  # until it has held, it counts as the same breakdown
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
    """Before the next probe."""
    return min(INITIAL_PAUSE * float(2 ** min(rounds, 10)), MAX_PAUSE)


def ramp_up(switch: Switch, now: datetime, *, limit_reached: bool) -> Switch:
    """A half-open switch whose step of the ramp is over. `enough`: the system's own limit is reached already."""
    if switch.state is not SwitchState.HALF_OPEN:
        return switch
    if limit_reached or switch.step + 1 >= len(RAMP_RATES):
        return apply_trigger(
            switch, SwitchTrigger(event=SwitchEvent.RAMP_FINISHED, reason=switch.reason, by=switch.by), now
        )
    return switch.model_copy(update={"step": switch.step + 1, "next_at": now + RAMP_INTERVAL})
