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
    ALIVE = "alive"
    """A probe was answered."""
    DEAD = "dead"
    """A probe was not."""
    RAMPED = "ramped"
    """The pace has risen to its end without the system failing again."""
    OFF = "off"
    ON = "on"


_S, _E = SwitchState, SwitchEvent

TRANSITIONS: Mapping[tuple[SwitchState, SwitchEvent], SwitchState] = {
    (_S.CLOSED, _E.TRIPPED): _S.OPEN,
    (_S.CLOSED, _E.ALIVE): _S.CLOSED,  # the answer to a probe of before
    (_S.CLOSED, _E.DEAD): _S.CLOSED,
    (_S.CLOSED, _E.RAMPED): _S.CLOSED,
    (_S.CLOSED, _E.OFF): _S.OFF,
    (_S.CLOSED, _E.ON): _S.CLOSED,
    (_S.OPEN, _E.TRIPPED): _S.OPEN,  # calls that were under way
    (_S.OPEN, _E.ALIVE): _S.HALF_OPEN,
    (_S.OPEN, _E.DEAD): _S.OPEN,
    (_S.OPEN, _E.RAMPED): _S.OPEN,
    (_S.OPEN, _E.OFF): _S.OFF,
    (_S.OPEN, _E.ON): _S.HALF_OPEN,  # the operator knows that it is back
    (_S.HALF_OPEN, _E.TRIPPED): _S.OPEN,
    (_S.HALF_OPEN, _E.ALIVE): _S.HALF_OPEN,
    (_S.HALF_OPEN, _E.DEAD): _S.HALF_OPEN,
    (_S.HALF_OPEN, _E.RAMPED): _S.CLOSED,
    (_S.HALF_OPEN, _E.OFF): _S.OFF,
    (_S.HALF_OPEN, _E.ON): _S.HALF_OPEN,
    (_S.OFF, _E.TRIPPED): _S.OFF,  # calls that were under way
    (_S.OFF, _E.ALIVE): _S.OFF,
    (_S.OFF, _E.DEAD): _S.OFF,
    (_S.OFF, _E.RAMPED): _S.OFF,
    (_S.OFF, _E.OFF): _S.OFF,
    (_S.OFF, _E.ON): _S.HALF_OPEN,  # what has waited meanwhile must not come down on the system at once
}
"""Every state with every event: what comes late, or twice, changes nothing."""

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=1)
"""Between two probes; each one that is not answered, and each time that the system fails again, doubles the pause."""
RAMP = (5.0, 10.0, 20.0, 40.0, 80.0)
"""Calls a second, over all workers, one after the other. Less than one a second for each partition of the queue (there
are four) would come in lumps."""
RAMP_STEP = timedelta(seconds=2)
HELD = 0.0


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
        return RAMP[self.step] if self.state is SwitchState.HALF_OPEN else HELD


class Happened(BaseModel):
    """An event, with who and why where a person is behind it, and with what was met otherwise."""

    model_config = ConfigDict(frozen=True)

    event: SwitchEvent
    by: str | None = None
    reason: str = ""


def switched(switch: Switch, happened: Happened, now: datetime) -> Switch:
    """The switch after the event; the same object where the event changes nothing."""
    state = TRANSITIONS[switch.state, happened.event]
    if state is switch.state:
        return _again_dead(switch, now) if (state, happened.event) == (_S.OPEN, _E.DEAD) else switch
    rounds = switch.rounds + 1 if (switch.state, state) == (_S.HALF_OPEN, _S.OPEN) else 0
    if switch.state is _S.OPEN and state is _S.HALF_OPEN and happened.event is _E.ALIVE:
        rounds = switch.rounds  # until it has held, it counts as the same breakdown
    return Switch(
        state=state,
        since=now,
        by=happened.by,
        reason=happened.reason,
        error=happened.reason if happened.event is _E.TRIPPED else switch.error,
        rounds=rounds,
        next_at=_due(state, rounds, now),
    )


def _again_dead(switch: Switch, now: datetime) -> Switch:
    rounds = switch.rounds + 1
    return switch.model_copy(update={"rounds": rounds, "next_at": _due(switch.state, rounds, now)})


def _due(state: SwitchState, rounds: int, now: datetime) -> datetime | None:
    if state is SwitchState.OPEN:
        return now + pause_of(rounds)
    return now + RAMP_STEP if state is SwitchState.HALF_OPEN else None


def pause_of(rounds: int) -> timedelta:
    """Before the next probe."""
    return min(FIRST_PAUSE * float(2 ** min(rounds, 10)), LONGEST_PAUSE)


def risen(switch: Switch, now: datetime, *, enough: bool) -> Switch:
    """A half-open switch whose step of the ramp is over. `enough`: the system's own limit is reached already."""
    if switch.state is not SwitchState.HALF_OPEN:
        return switch
    if enough or switch.step + 1 >= len(RAMP):
        return switched(switch, Happened(event=SwitchEvent.RAMPED, reason=switch.reason, by=switch.by), now)
    return switch.model_copy(update={"step": switch.step + 1, "next_at": now + RAMP_STEP})
