"""The pretend systems of one server: they answer by their own clock, and keep what they know in a file."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from compiler.language.systems import System
from scenarios.pretend.clock import PretendClock
from scenarios.pretend.messages import Delivery, PretendRequest, PretendResponse
from scenarios.pretend.state import PretendState
from scenarios.pretend.system import PretendSystem

MAX_LOGGED = 1_000
"""Calls and deliveries that the log keeps."""
SAVE_DELAY = 0.2
"""Seconds between a change and its being saved."""


class LoggedCall(BaseModel):
    """A request that a pretend system received, and its answer."""

    at: datetime
    system: str
    method: str
    path: str
    key: str
    """The Idempotency-Key."""
    query: dict[str, Any] = {}
    body: Any = None
    status: int | None
    """None: there was no response."""
    response: Any = None
    replayed: bool = False
    problem: str = ""


class LoggedDelivery(BaseModel):
    """A callback or an event that a pretend system sent."""

    at: datetime
    system: str
    kind: str
    what: str
    """The name and key of the event; of a callback nothing, because its URL is a capability."""
    body: Any = None
    result: str
    """What the receiver answered, or why it could not be reached."""


class SavedWorld(BaseModel):
    origin: datetime
    speed: float
    systems: dict[str, PretendState] = {}


class PretendWorld:
    def __init__(self, speed: float = 1.0, file: Path | None = None) -> None:
        """`file` keeps the state between two starts; None: nothing is kept."""
        self._file = file
        saved = _read(file)
        now = datetime.now(UTC)
        self.clock = PretendClock(now, speed)
        self._states = {} if saved is None else saved.systems
        if saved is not None:
            _rebase(self._states, now - PretendClock(saved.origin, saved.speed).from_real(now))
        self.systems: dict[str, PretendSystem] = {}
        self.calls: deque[LoggedCall] = deque(maxlen=MAX_LOGGED)
        self.deliveries: deque[LoggedDelivery] = deque(maxlen=MAX_LOGGED)
        self.changed = asyncio.Event()
        """Set when something new may be due."""
        self._saving: asyncio.Task[None] | None = None

    def pretend(self, systems: Mapping[str, System]) -> None:
        """Pretends exactly these systems from now on. What they know stays."""
        self.systems = {
            name: PretendSystem(name, system.example, self._state(name), system.probe, self.clock.to_real)
            for name, system in systems.items()
        }
        self.changed.set()

    def _state(self, system: str) -> PretendState:
        return self._states.setdefault(system, PretendState())

    async def respond(self, system: str, request: PretendRequest) -> PretendResponse:
        """Returns when the response is due. Raises KeyError if the system is not pretended."""
        pretend, now = self.systems[system], self.clock.now()
        response = pretend.answer(request, now)
        self.calls.append(
            LoggedCall(
                at=datetime.now(UTC),
                system=system,
                method=request.method,
                path=request.path,
                key=request.idempotency_key,
                query=dict(request.query),
                body=request.body,
                status=None if response.error else response.status,
                response=response.body,
                replayed=response.is_replay,
                problem=response.problem,
            )
        )
        self.touch()
        await asyncio.sleep(self.clock.real_seconds(response.delay))
        return response

    def take_due(self) -> list[tuple[str, Delivery]]:
        now = self.clock.now()
        found = [(name, delivery) for name, system in self.systems.items() for delivery in system.take_due(now)]
        return sorted(found, key=lambda each: each[1].due)

    def put_back(self, system: str, delivery: Delivery) -> None:
        """For another try."""
        self._state(system).pending.append(delivery)
        self.touch()

    def pending(self) -> list[tuple[str, Delivery]]:
        """In the order of their times."""
        found = [(name, delivery) for name, system in self.systems.items() for delivery in system.state.pending]
        return sorted(found, key=lambda each: each[1].due)

    def seconds_until_due(self) -> float | None:
        """Real seconds until something is due; None: nothing is."""
        due = [moment for system in self.systems.values() if (moment := system.next_due()) is not None]
        return self.clock.real_seconds_until(min(due)) if due else None

    # saving

    def touch(self) -> None:
        """Something has changed: wakes the deliveries, and saves the state soon."""
        self.changed.set()
        if self._file is not None and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save_soon())

    async def _save_soon(self) -> None:
        await asyncio.sleep(SAVE_DELAY)
        self.save()

    def save(self) -> None:
        if self._file is None:
            return
        saved = SavedWorld(origin=self.clock.origin, speed=self.clock.speed, systems=self._states)
        new = self._file.with_suffix(".new")
        new.write_text(saved.model_dump_json(), encoding="utf-8")
        os.replace(new, self._file)


def _read(file: Path | None) -> SavedWorld | None:
    """None also if the file is not readable: pretend systems then begin anew."""
    if file is None or not file.exists():
        return None
    try:
        return SavedWorld.model_validate_json(file.read_bytes())
    except ValidationError:
        return None


def _rebase(states: Mapping[str, PretendState], shift: timedelta) -> None:
    """Moves all times, because the clock begins again at real time."""
    for state in states.values():
        state.first_seen = {value: moment + shift for value, moment in state.first_seen.items()}
        state.pending = [one.model_copy(update={"due": one.due + shift}) for one in state.pending]
        for stored in state.responses.values():
            stored.ready += shift
