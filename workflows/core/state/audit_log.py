"""Who did what, when and why: kept with the order, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_ENTRIES = 1_000
MAX_BYTES = 300_000
"""The oldest go first, those that are nobody's act before those that are; how the order began is always told."""
MAX_REASON_LENGTH = 2_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: float
    message: str
    step: str | None = None
    by: str | None = None
    reason: str | None = None

    @property
    def size(self) -> int:
        """About so many bytes where it is shown or carried."""
        return 100 + sum(len(text) for text in (self.message, self.step, self.by, self.reason) if text)


@dataclass(slots=True)
class AuditLog:
    entries: list[AuditEntry] = field(default_factory=list)
    size: int = 0
    unsent: list[Any] | None = field(default=None, repr=False)
    """Where each new entry is noted, too, for those who are told of it (workflows/core/state/event_buffer.py)."""

    def record(self, at: float, message: str, step: str | None = None, by: str | None = None, reason: str = "") -> None:
        entry = AuditEntry(at, message, step, by, reason[:MAX_REASON_LENGTH] or None)
        self.entries.append(entry)
        self.size += entry.size
        if self.unsent is not None:
            self.unsent.append(entry)
        while len(self.entries) > MAX_ENTRIES or (self.size > MAX_BYTES and len(self.entries) > 1):
            self._drop_oldest()

    def restore(self, entries: list[AuditEntry]) -> None:
        self.entries, self.size = entries, sum(entry.size for entry in entries)

    def _drop_oldest(self) -> None:
        nobodys = (at for at, entry in enumerate(self.entries) if at and entry.by is None)
        dropped = self.entries.pop(next(nobodys, 1))
        self.size -= dropped.size
