"""All followers of a console, and how many streams each account has open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from console.live.follower import Follower
from console.live.journal import Numbering
from console.live.pulse import Pulses
from console.live.readings import Source
from console.live.sources.system_list import SystemListSource
from console.live.sources.topic_sources import order_list_source, order_source, work_list_source
from console.live.topics import InvalidTopic, TopicKind, WantedTopic
from operations.access import permissions
from operations.access.permissions import Permission
from operations.access.person import Person, require
from operations.client import OrderClient

MAX_STREAMS = 1_000
MAX_STREAMS_OF_ACCOUNT = 50
"""A browser has one, or one for each visible tab. Several people may work with one account in a trial."""
KEPT_SECONDS = 30.0
"""A follower goes on for so long without viewers: between two pages, and between a page and its stream."""
MARK_SECONDS = 0.5
"""A page waits so long for its follower to begin. If that takes longer, the page is told to fetch its data again."""


class TooManyStreams(Exception):
    """The message is for people."""


class LiveFeeds:
    def __init__(self, orders: OrderClient, clock: Callable[[], float] = monotonic) -> None:
        self.numbering = Numbering()
        self.is_stopping: Callable[[], bool] = lambda: False
        """Whether the process is asked to stop: streams end then."""
        self.streams: Counter[str] = Counter()
        """Account → open streams."""
        self._clock = clock
        self._followers: dict[str, Follower] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._pulses = pulses = Pulses(orders.changes)
        self._kinds = {
            "orders": TopicKind(
                permissions.LIST_ORDERS, lambda _: order_list_source(orders, pulses), has_id=False, reads_ledger=True
            ),
            "work": TopicKind(
                permissions.READ_WORK, lambda _: work_list_source(orders, pulses), has_id=False, reads_ledger=True
            ),
            "systems": TopicKind(permissions.READ_SYSTEMS, lambda _: SystemListSource(orders), has_id=False),
            "order": TopicKind(
                permissions.READ_ORDER, lambda id_: order_source(orders, pulses, id_), has_id=True, reads_ledger=True
            ),
        }

    def add_source(self, kind: str, permission: Permission, open_source: Callable[[str], Source]) -> None:
        """Topics `kind/<id>`."""
        self._kinds[kind] = TopicKind(permission, open_source, has_id=True)

    async def mark(self, topic: str) -> str:
        """For a page that is about to read what it shows: changes after this mark are told. Raises InvalidTopic."""
        follower = self._follow(topic)
        await follower.wait_until_ready(MARK_SECONDS)
        return str(self.numbering.mark)

    def check(self, person: Person, wanted: Sequence[WantedTopic]) -> None:
        """Raises InvalidTopic, and Forbidden unless the person may see all topics."""
        for topic in wanted:
            require(person, self._kind(topic.name)[0].permission)

    @contextmanager
    def stream_of(self, account: str) -> Iterator[None]:
        """Counts a stream. Raises TooManyStreams."""
        if self.streams.total() >= MAX_STREAMS:
            raise TooManyStreams(f"{MAX_STREAMS} pages are kept current already")
        if self.streams[account] >= MAX_STREAMS_OF_ACCOUNT:
            raise TooManyStreams(
                f"{MAX_STREAMS_OF_ACCOUNT} browsers are kept current for account {account} already. Close some"
            )
        self.streams[account] += 1
        try:
            yield
        finally:
            self.streams[account] -= 1
            if not self.streams[account]:
                del self.streams[account]

    @contextmanager
    def watching(self, topics: Sequence[str], news: asyncio.Event) -> Iterator[list[Follower]]:
        """`news` is set once one of the followers has something new. Raises InvalidTopic."""
        followers = [self._follow(topic) for topic in topics]
        for follower in followers:
            follower.listeners.add(news)
        try:
            yield followers
        finally:
            for follower in followers:
                follower.leave(news)

    @property
    def topics(self) -> list[str]:
        """What is followed now."""
        return sorted(self._followers)

    async def close(self) -> None:
        followers, self._followers = list(self._followers.values()), {}
        for follower in followers:
            await follower.close()

    def close_unwatched(self) -> None:
        """Ends the followers of topics that nobody has watched for a while."""
        now = self._clock()
        for topic, follower in list(self._followers.items()):
            if not follower.listeners and now - follower.unwatched_since > KEPT_SECONDS:
                del self._followers[topic]
                task = asyncio.create_task(follower.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    def _follow(self, topic: str) -> Follower:
        follower = self._followers.get(topic)
        if follower is None:
            kind, topic_id = self._kind(topic)
            follower = Follower(
                topic,
                kind.open(topic_id),
                self.numbering,
                self.close_unwatched,
                self._clock,
                (lambda: self._pulses.unfed_since) if kind.reads_ledger else (lambda: None),
            )
            self._followers[topic] = follower
        follower.unwatched_since = self._clock()
        return follower

    def _kind(self, topic: str) -> tuple[TopicKind, str]:
        name, _, topic_id = topic.partition("/")
        kind = self._kinds.get(name)
        if kind is None or kind.has_id != bool(topic_id):
            raise InvalidTopic(f"Nothing can be followed by the name `{topic[:100]}`")
        return kind, topic_id
