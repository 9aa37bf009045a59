"""Who did what, when and why. The log is kept with the order, and its length is limited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_ENTRIES = 1_000
MAX_BYTES = 300_000
"""Beyond these limits, the oldest entries are dropped. The engine's entries go first, then people's. The order's first
entry always stays."""
MAX_REASON_LENGTH = 2_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: float
    message: str
    step: str | None = None
    by: str | None = None
    """Who did it. None means the engine."""
    reason: str | None = None

    @property
    def size(self) -> int:
        """Bytes in a view or a snapshot, approximately."""
        return 100 + sum(len(text) for text in (self.message, self.step, self.by, self.reason) if text)


@dataclass(slots=True)
class AuditLog:
    entries: list[AuditEntry] = field(default_factory=list)
    size: int = 0
    unsent: list[Any] | None = field(default=None, repr=False)
    """The event buffer's list, if there is one: each new entry is added there too."""

    def record(self, at: float, message: str, step: str | None = None, by: str | None = None, reason: str = "") -> None:
        entry = AuditEntry(at, message, step, by, reason[:MAX_REASON_LENGTH] or None)
        self.entries.append(entry)
        self.size += entry.size
        if self.unsent is not None:
            self.unsent.append(entry)
        while len(self.entries) > MAX_ENTRIES or (self.size > MAX_BYTES and len(self.entries) > 1):
            self._drop_oldest()

    def record_warnings(self, at: float, warnings: Iterable[Mapping[str, Any]]) -> None:
        """`warnings` are dumps of compiler.source.findings.Finding."""
        for warning in warnings:
            self.record(at, f"warning: {warning.get('message', '')}")

    def restore(self, entries: list[AuditEntry]) -> None:
        self.entries, self.size = entries, sum(entry.size for entry in entries)

    def _drop_oldest(self) -> None:
        of_engine = (at for at, entry in enumerate(self.entries) if at and entry.by is None)
        dropped = self.entries.pop(next(of_engine, 1))
        self.size -= dropped.size
