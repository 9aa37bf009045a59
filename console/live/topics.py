"""What can be followed: a kind, and for some kinds an id behind `/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.live.journal import Mark, parse_mark
from console.live.readings import Source
from operations.access.permissions import Permission

MAX_TOPICS = 60
"""Of one stream: of all tabs of a browser."""
MAX_LENGTH = 2_000
UNKNOWN = Mark("", 0)
"""A mark that no process has written, so that something is missing after it."""


@dataclass(frozen=True)
class TopicKind:
    permission: Permission
    """Who may follow it."""
    open: Callable[[str], Source]
    """Takes the id; empty for a kind without ids."""
    has_id: bool
    reads_ledger: bool = False
    """Where one is configured."""


@dataclass(frozen=True)
class WantedTopic:
    name: str
    since: Mark | None
    """None: from now on."""


class InvalidTopic(Exception):
    """The message says what is wrong with a request."""


def parse_wanted(texts: Iterable[str], last_event_id: str | None) -> list[WantedTopic]:
    """`texts`: `topic@mark`, or `topic@`. A `last_event_id` is later than their marks. Raises InvalidTopic."""
    latest = parse_mark(last_event_id) if last_event_id else None
    wanted: dict[str, WantedTopic] = {}
    for text in texts:
        name, separator, mark = text.rpartition("@")
        if not separator or len(text) > MAX_LENGTH:
            raise InvalidTopic("A topic has the form `name@mark`, such as `orders@1c2d3e4f.12`")
        wanted[name] = WantedTopic(name, latest or parse_mark(mark) or (UNKNOWN if mark else None))
    if not 0 < len(wanted) <= MAX_TOPICS:
        raise InvalidTopic(f"A stream has 1 to {MAX_TOPICS} topics, and {len(wanted)} were asked for")
    return list(wanted.values())
