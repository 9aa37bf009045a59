"""The switch and breaker of a system (workflows/system_switch.py): what workers tell it, and what it has done."""

from __future__ import annotations

from typing import Any

from activity_contract.payloads import WireModel

# What the switch of a system (workflows/system_switch.py) answers to; each may start it
SWITCH_ANNOUNCE = "announce"  # signal, SystemAnnounced: a worker knows the system
SWITCH_RETIRE = "retire"  # signal without argument: the catalogue has the system no more
SWITCH_TRIP = "trip"  # signal, SystemTrip: a worker meets failure after failure


class SystemSwitchInput(WireModel):
    """How the switch of a system starts."""

    system: str
    queue: str
    """system_task_queue() of the deployment that it belongs to."""
    carried: dict[str, Any] | None = None
    """Its state when it continues as new."""


class SystemAnnouncement(WireModel):
    name: str
    """As people know the system."""


class SystemTrip(WireModel):
    """What one worker has met lately."""

    failures: int
    """Of the system itself: no connection, no answer in time, 5xx."""
    calls: int
    """In the same time, those failures included."""
    error: str
    """The last failure, in words."""


class QueueRateInput(WireModel):
    """How many calls a second the server lets through to a system, over all workers. None: as its own limits say."""

    system: str
    queue: str
    per_second: float | None
    reason: str
    """Shown by Temporal's own tools."""


class QueueRateResult(WireModel):
    enough: bool = False
    """The system's own limit is no higher than what was asked for."""
    problem: str | None = None
    """Why the server does not keep to it; None: it does."""


class SystemProbe(WireModel):
    system: str


class ProbeResult(WireModel):
    alive: bool
    said: str
    """In words: `answered 200`, `nobody can be reached at …`."""
