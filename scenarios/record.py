"""What happened in the run of a scenario, whichever way it was run. Times are seconds since the scenario's start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activity_contract.idempotency_key import Effect
from compiler.language.event_types import EVENT_TYPE_PREFIX
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, SourceLocation
from workflows.contract.order_views import OrderView, StepView


@dataclass(slots=True)
class CallRecord:
    """One request that a system got."""

    at: float
    step: str
    effect: Effect
    is_poll: bool
    system: str
    method: str
    """In lower case, as definitions write it."""
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    """The names are in lower case."""
    body: Any
    key: str
    """The idempotency key."""
    outcome: str = ""
    """The status, or why there is none."""

    @property
    def summary(self) -> str:
        """`undo inventory DELETE /reservations/R-1 → 200`."""
        effect = "" if self.effect == "do" else f"{self.effect} "
        return f"{effect}{self.system} {self.method.upper()} {self.path} → {self.outcome}"


@dataclass(frozen=True, slots=True)
class Begin:
    """A step, or its undo, has begun."""

    at: float
    step: str
    undo: bool = False


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event that the order tells, and the receivers that get it."""

    at: float
    type: str
    data: Mapping[str, Any]
    receivers: tuple[str, ...] = ()

    @property
    def step(self) -> str | None:
        return self.data.get("step")


@dataclass(frozen=True, slots=True)
class Notification:
    """An event that a receiver has accepted, as it arrived there."""

    at: float
    receiver: str
    event: Mapping[str, Any]
    """The CloudEvent."""
    attempts: int
    """How often it was sent."""

    @property
    def type(self) -> str:
        return str(self.event["type"]).removeprefix(EVENT_TYPE_PREFIX)

    @property
    def data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self.event["data"]
        return data

    @property
    def step(self) -> str | None:
        return self.data.get("step")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The order as clients see it."""

    at: float
    order: OrderView
    steps: list[StepView]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: float
    what: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps the scenario from saying what its author means, such as a call that nothing answers."""

    path: KeyPath
    """The place in the scenario's document."""
    message: str
    at: float = 0.0
    location: SourceLocation | None = None
    """The place, if it is in another file."""


@dataclass(slots=True)
class Record:
    order_id: str = ""
    warnings: list[Finding] = field(default_factory=list)
    """Of an order that is accepted."""
    rejected: list[Finding] | None = None
    """The findings that reject the order. None: it is accepted, or there is no order to submit."""
    calls: list[CallRecord] = field(default_factory=list)
    begins: list[Begin] = field(default_factory=list)
    events: list[ToldEvent] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    moments: dict[int, Snapshot] = field(default_factory=dict)
    """Position in `expect.moments` → the order at that moment. A moment that has not come is missing."""
    final: Snapshot | None = None
    """None: no order has run."""
    took: float = 0.0
    """Until the order ended, or until the last thing happened."""
    stopped: str = ""
    """Why the run was ended before the order ended, although more would have happened; else empty."""
    problems: list[Problem] = field(default_factory=list)

    def add_call(self, call: CallRecord) -> None:
        self.calls.append(call)
        self.note(call.at, call.summary, call.step)

    def note(self, at: float, what: str, step: str | None = None) -> None:
        self.timeline.append(TimelineEntry(at, what, step))
