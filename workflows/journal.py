"""Who did what, when and why: kept with the order, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_KEPT = 1_000
"""The oldest go first, but for the very first: how the order began is always told."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: float
    what: str
    step: str | None = None
    by: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Journal:
    entries: list[Entry] = field(default_factory=list)

    def note(self, at: float, what: str, step: str | None = None, by: str | None = None, reason: str = "") -> None:
        self.entries.append(Entry(at, what, step, by, reason or None))
        if len(self.entries) > MOST_KEPT:
            del self.entries[1]
