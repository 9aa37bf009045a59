"""A system's switch and circuit breaker (workflows/system_switch.py): its signals and its activities' messages."""

from __future__ import annotations

from typing import Any

from activity_contract.payloads import WireModel

# Signals of the switch
SWITCH_ANNOUNCE = "announce"  # SystemAnnouncement: a worker knows the system; starts the switch if needed
SWITCH_RETIRE = "retire"  # no argument: the catalogue no longer has the system
SWITCH_TRIP = "trip"  # SystemTrip: calls of a worker fail repeatedly; starts the switch if needed


class SystemSwitchInput(WireModel):
    system: str
    queue: str
    """The system's task queue, of system_task_queue()."""
    carried: dict[str, Any] | None = None
    """Its state after a continue-as-new."""


class SystemAnnouncement(WireModel):
    name: str
    """The system's display name."""


class SystemTrip(WireModel):
    """Recent calls of one worker."""

    failures: int
    """Failures of the system itself: no connection, no response in time, 5xx."""
    calls: int
    """All calls in that time, including the failures."""
    error: str
    """The message of the last failure."""


class QueueRateInput(WireModel):
    """The rate of calls to a system that the server allows over all workers, per second. None: the system's limit."""

    system: str
    queue: str
    per_second: float | None
    reason: str
    """Temporal's own tools show it."""


class QueueRateResult(WireModel):
    enough: bool = False
    """Whether the system's own limit is at most the requested rate."""
    problem: str | None = None
    """Why the server does not enforce the rate. None: it does."""


class SystemProbe(WireModel):
    system: str


class ProbeResult(WireModel):
    alive: bool
    said: str
    """For people: `answered 200`, `billing:443 cannot be reached`."""
