"""Follows one topic for all who watch it: looks at its source, and writes what has changed into the topic's journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

import structlog

from console.live.events import as_json, change_event
from console.live.journal import Journal, Numbering
from console.live.readings import Reading, Source
from operations.errors import OperationError

MAX_CHANGED = 400
"""More changes at once than this are a gap: pages fetch everything faster than they would set each."""
MAX_REMEMBERED = 20_000
RETRY_SECONDS = 2.0
PATIENCE = 3.0
"""Seconds that a source may fail before pages say so."""
UNFED = "No worker writes to the ledger. What happens is shown once one does"

log = structlog.get_logger("console")


class Follower:
    def __init__(
        self,
        topic: str,
        source: Source,
        numbering: Numbering,
        after_look: Callable[[], None],
        clock: Callable[[], float] = monotonic,
        unfed_since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """`after_look` is called whenever it has looked: to end followers that nobody watches. `unfed_since` says since
        when no worker has written to the ledger that the source reads; None if one does."""
        self.topic = topic
        self.journal = Journal(numbering.last)
        self.listeners: set[asyncio.Event] = set()
        """One for each viewer: set once there is something new."""
        self.unwatched_since = clock()
        self.problem: str | None = None
        """Why it cannot look at present."""
        self.problem_since: datetime | None = None
        self._source = source
        self._numbering = numbering
        self._after_look = after_look
        self._clock = clock
        self._unfed_since = unfed_since
        self._told: dict[str, int] = {}
        """Item → hash of what was told last."""
        self._told_head: str | None = None
        self._ready = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"follow {topic}")

    async def wait_until_ready(self, seconds: float) -> None:
        """Until it knows how things stand, so that it notices every change from now on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    @property
    def lack(self) -> tuple[str, datetime | None] | None:
        """Why the page is not current, and since when: nothing answers, or what answers learns nothing new."""
        if self.problem is not None:
            return self.problem, self.problem_since
        unfed_since = self._unfed_since()
        return (UNFED, unfed_since) if unfed_since is not None else None

    def leave(self, listener: asyncio.Event) -> None:
        self.listeners.discard(listener)
        self.unwatched_since = self._clock()

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._source.close()

    async def _run(self) -> None:
        while True:
            began = self._clock()
            is_answered = await self._look()
            self._after_look()
            if is_answered:
                await self._source.pause(self._clock() - began)
            else:
                await asyncio.sleep(RETRY_SECONDS)

    async def _look(self) -> bool:
        """False: the source did not answer."""
        try:
            reading = await self._source.read()
        except OperationError as error:
            self._fail(error.message)
            return False
        except Exception:
            log.exception("follower failed", topic=self.topic)
            self._fail("The console has an error, which is in its log")
            return False
        self._recover()
        if not self._ready.is_set():
            self._begin(reading)
        elif reading is not None:
            self._tell(reading)
        return True

    def _begin(self, reading: Reading | None) -> None:
        self._compare(reading or Reading())
        self.journal.restart(self._numbering.next())
        self._ready.set()
        self._wake()

    def _tell(self, reading: Reading) -> None:
        head, items, gone = self._compare(reading)
        if reading.has_gap or len(items) + len(gone) > MAX_CHANGED:
            self.journal.restart(self._numbering.next())
            self._wake()
        elif head is not None or items or gone:
            number = self._numbering.next()
            self.journal.add(
                number, change_event(self.topic, self._numbering.mark, reading.head if head else None, items, gone)
            )
            self._wake()

    def _compare(self, reading: Reading) -> tuple[str | None, dict[str, str], list[str]]:
        """What differs from what was told: the head, items, and the keys of items that are gone."""
        head = as_json(reading.head) if reading.head is not None else None
        if head == self._told_head:
            head = None
        self._told_head = head or self._told_head
        items: dict[str, str] = {}
        for key, item in reading.items.items():
            text = as_json(item)
            if self._told.pop(key, None) != (version := hash(text)):
                items[key] = text
            self._told[key] = version
        gone = [key for key in self._told if key not in reading.items] if reading.is_complete else []
        for key in gone:
            del self._told[key]
        while len(self._told) > MAX_REMEMBERED:
            del self._told[next(iter(self._told))]
        return head, items, gone

    def _fail(self, message: str) -> None:
        if self.problem_since is None:
            self.problem_since = datetime.now(UTC)
        elif self.problem is None and (datetime.now(UTC) - self.problem_since).total_seconds() > PATIENCE:
            self.problem = message
            self._wake()

    def _recover(self) -> None:
        self.problem_since = None
        if self.problem is not None:
            self.problem = None
            self._wake()

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.set()
