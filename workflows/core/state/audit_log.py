"""Who did what, when and why: kept with the order, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_KEPT = 1_000
MOST_BYTES = 300_000
"""The oldest go first, those that are nobody's act before those that are; how the order began is always told."""
LONGEST_REASON = 2_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: float
    what: str
    step: str | None = None
    by: str | None = None
    reason: str | None = None

    @property
    def size(self) -> int:
        """About so many bytes where it is shown or carried."""
        return 100 + sum(len(text) for text in (self.what, self.step, self.by, self.reason) if text)


@dataclass(slots=True)
class Journal:
    entries: list[Entry] = field(default_factory=list)
    size: int = 0
    heard: list[Any] | None = field(default=None, repr=False)
    """Where each new entry is noted, too, for those who are told of it (workflows/core/state/event_buffer.py)."""

    def note(self, at: float, what: str, step: str | None = None, by: str | None = None, reason: str = "") -> None:
        entry = Entry(at, what, step, by, reason[:LONGEST_REASON] or None)
        self.entries.append(entry)
        self.size += entry.size
        if self.heard is not None:
            self.heard.append(entry)
        while len(self.entries) > MOST_KEPT or (self.size > MOST_BYTES and len(self.entries) > 1):
            self._drop_one()

    def restore(self, entries: list[Entry]) -> None:
        self.entries, self.size = entries, sum(entry.size for entry in entries)

    def _drop_one(self) -> None:
        nobodys = (at for at, entry in enumerate(self.entries) if at and entry.by is None)
        dropped = self.entries.pop(next(nobodys, 1))
        self.size -= dropped.size
