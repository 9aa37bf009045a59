"""Numbered changes of a topic. Browsers say up to which number they have them, and get the rest, or learn of a gap."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_CHANGES = 500
MAX_BYTES = 512 * 1024
"""A topic keeps so much. Who was away for longer fetches everything again."""


class Mark(NamedTuple):
    """A moment between two changes of a console's process."""

    epoch: str
    """The process: another one knows nothing of its numbers."""
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"


def parse_mark(text: str) -> Mark | None:
    """None if no console wrote it."""
    epoch, _, number = text.rpartition(".")
    return Mark(epoch, int(number)) if epoch and number.isascii() and number.isdecimal() and len(number) < 16 else None


class Numbering:
    """One sequence of numbers for all topics, so that the number of the last event says how far a browser is with each
    of them."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.last)


class Entry(NamedTuple):
    number: int
    event: bytes
    """As it is sent to every viewer."""


@dataclass
class Journal:
    """The latest changes of a topic."""

    begins_at: int
    """Changes after this number are here."""
    entries: deque[Entry] = field(default_factory=deque)
    size: int = 0

    def add(self, number: int, event: bytes) -> None:
        self.entries.append(Entry(number, event))
        self.size += len(event)
        while len(self.entries) > MAX_CHANGES or (self.size > MAX_BYTES and len(self.entries) > 1):
            dropped = self.entries.popleft()
            self.size -= len(dropped.event)
            self.begins_at = dropped.number

    def since(self, number: int) -> list[Entry] | None:
        """None: some are no longer, or were never, here."""
        if number < self.begins_at:
            return None
        newer: list[Entry] = []
        for entry in reversed(self.entries):
            if entry.number <= number:
                break
            newer.append(entry)
        return newer[::-1]

    def restart(self, number: int) -> None:
        """Something up to `number` was missed: whoever is not beyond it has a gap."""
        self.entries.clear()
        self.size, self.begins_at = 0, number
