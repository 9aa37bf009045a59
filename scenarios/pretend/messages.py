"""What a pretend system receives and sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from compiler.language.answers import NoAnswer

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class PretendRequest:
    """A request to a system."""

    method: str
    """In upper case."""
    path: str
    """Relative to the system's base_url, as sent: percent-encoded, begins with `/`, without the query."""
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """The names are in lower case."""
    body: Any = None
    """Parsed, if it is JSON or a form; else text."""

    @property
    def idempotency_key(self) -> str:
        """Empty if the request has none."""
        return self.headers.get("idempotency-key", "")


@dataclass(frozen=True, slots=True)
class PretendResponse:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    error: NoAnswer | None = None
    """If set, there is no response: the connection stays silent, or ends."""
    delay: timedelta = NO_TIME
    """Between request and response."""
    is_replay: bool = False
    """Whether it repeats the response to an earlier request with the same Idempotency-Key."""
    problem: str = ""
    """What is wrong with the system's `example`, in words for its author; empty if it answered."""


class Callback(BaseModel):
    """A callback that is due."""

    kind: Literal["callback"] = "callback"
    due: datetime
    to: str
    """The URL or id that the request gave."""
    body: Any = None
    resources: frozenset[str] = frozenset()
    """The values by which later requests may name what it is about."""


class Event(BaseModel):
    """An event for the gateway that is due."""

    kind: Literal["event"] = "event"
    due: datetime
    event_id: str
    name: str
    key: str | None = None
    order: str | None = None
    payload: dict[str, Any] = {}
    resources: frozenset[str] = frozenset()
    """The values by which later requests may name what it is about."""


Delivery = Callback | Event
