"""A source that tells what a test wants, and streams as a test reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from console.live.feeds import LiveFeeds
from console.live.readings import Reading
from console.live.stream import Stream
from console.live.topics import parse_wanted
from operations.access.permissions import READ_ORDER
from operations.client import OrderClient


class Value(BaseModel):
    n: int


class ScriptedSource:
    """Tells `items` whenever a test has changed them."""

    def __init__(self) -> None:
        self.items: dict[str, int] = {}
        self.head = 0
        self.failure: Exception | None = None
        self.has_gap = False
        self.reads = 0
        self.failed: asyncio.Queue[Exception] = asyncio.Queue()
        self.is_read = asyncio.Event()
        """Its follower has told what it shows now."""
        self.is_closed = asyncio.Event()
        self._changed = asyncio.Event()

    def show(self, **items: int) -> None:
        self.items |= items
        self.change()

    def change(self) -> None:
        self.is_read.clear()
        self._changed.set()

    async def read(self) -> Reading | None:
        self.reads += 1
        if self.failure is not None:
            self.failed.put_nowait(self.failure)
            raise self.failure
        gap, self.has_gap = self.has_gap, False
        items = {key: Value(n=value) for key, value in self.items.items()}
        return Reading(Value(n=self.head), items, is_complete=True, has_gap=gap)

    async def pause(self, cost: float) -> None:  # noqa: ARG002
        if not self._changed.is_set():
            self.is_read.set()
        await self._changed.wait()
        self._changed.clear()

    def close(self) -> None:
        self.is_closed.set()


@dataclass
class ReceivedEvent:
    kind: str
    id: str | None
    data: Any


class Browser:
    """Reads a stream."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        self._events = events
        self._left: list[ReceivedEvent] = []
        self.last_id: str | None = None

    async def next(self) -> ReceivedEvent:
        while not self._left:
            self._left = parse_events(await anext(self._events))
        event = self._left.pop(0)
        self.last_id = event.id or self.last_id
        return event

    async def until_ready(self) -> list[ReceivedEvent]:
        """What came before."""
        received: list[ReceivedEvent] = []
        while (event := await self.next()).kind != "ready":
            received.append(event)
        return received


def parse_events(chunk: bytes) -> list[ReceivedEvent]:
    received = []
    for block in chunk.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        received.append(ReceivedEvent(fields["event"], fields.get("id"), json.loads(fields["data"])))
    return received


class Feeds:
    """Live feeds whose topics `thing/<id>` are scripted."""

    def __init__(self, orders: OrderClient) -> None:
        self.sources: dict[str, ScriptedSource] = {}
        self.live = LiveFeeds(orders, clock=lambda: self.now)
        self.live.add_source("thing", READ_ORDER, self.source)
        self.now = 0.0
        self.is_signed_in = True

    def source(self, name: str) -> ScriptedSource:
        return self.sources.setdefault(name, ScriptedSource())

    @asynccontextmanager
    async def browser(self, topics: Mapping[str, str], last_id: str | None = None) -> AsyncIterator[Browser]:
        """`topics`: name → mark."""
        wanted = parse_wanted([f"{name}@{mark}" for name, mark in topics.items()], last_id)
        events = Stream(self.live, wanted, lambda: self.is_signed_in, clock=lambda: self.now).events()
        try:
            yield Browser(events)
        finally:
            await events.aclose()
