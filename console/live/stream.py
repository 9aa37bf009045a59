"""What one browser receives: the changes of its topics, in the order of their numbers, until its session ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from time import monotonic

from console.live.events import ALIVE, end_event, gap_event, ready_event, state_event
from console.live.feeds import LiveFeeds
from console.live.follower import Follower
from console.live.journal import Entry, Mark
from console.live.topics import WantedTopic

ALIVE_SECONDS = 10.0
CHECK_SECONDS = 0.5
"""How often it checks that the session and the process go on, if there is nothing to send."""


class Stream:
    def __init__(
        self,
        feeds: LiveFeeds,
        wanted: Sequence[WantedTopic],
        is_signed_in: Callable[[], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._feeds = feeds
        self._wanted = wanted
        self._is_signed_in = is_signed_in
        self._clock = clock
        self._positions: dict[str, int | None] = {}
        """Topic → number of the last change that was sent. None: changes count from when its follower begins."""
        self._problems: dict[str, str | None] = {}
        """Topic → what the browser knows of it."""

    async def events(self) -> AsyncGenerator[bytes]:
        news = asyncio.Event()
        with self._feeds.watching([topic.name for topic in self._wanted], news) as followers:
            self._positions = {topic.name: self._position(topic.since) for topic in self._wanted}
            sent_at = self._clock()
            yield self._collect(followers) + ready_event(self._feeds.numbering.mark)
            while (end := self._end()) is None:
                news.clear()
                chunk = self._collect(followers)
                if not chunk and self._clock() - sent_at >= ALIVE_SECONDS:
                    chunk = ALIVE
                if chunk:
                    sent_at = self._clock()
                    yield chunk
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_SECONDS):
                        await news.wait()
            yield end_event(end)

    def _end(self) -> str | None:
        """Why the stream ends."""
        if self._feeds.is_stopping():
            return "stopping"
        return None if self._is_signed_in() else "signed_out"

    def _position(self, since: Mark | None) -> int | None:
        """A mark of another process is before all changes."""
        if since is None:
            return None
        return since.number if since.epoch == self._feeds.numbering.epoch else -1

    def _collect(self, followers: Sequence[Follower]) -> bytes:
        """What the browser does not have yet. Gaps come first: see `gap_event`."""
        gaps: list[bytes] = []
        states: list[bytes] = []
        entries: list[Entry] = []
        for follower in followers:
            topic, last = follower.topic, self._feeds.numbering.last
            position = self._positions[topic]
            newer = follower.journal.since(follower.journal.begins_at if position is None else position)
            if newer is None:
                if not follower.is_ready:
                    continue
                gaps.append(gap_event(topic))
            else:
                entries += newer
            self._positions[topic] = last if follower.is_ready else position
            problem, since = follower.lack or (None, None)
            if self._problems.get(topic) != problem:
                self._problems[topic] = problem
                states.append(state_event(topic, problem, since.isoformat() if since else None))
        entries.sort()
        return b"".join([*gaps, *(entry.event for entry in entries), *states])
