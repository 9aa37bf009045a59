"""Who did what, when and why. The log is kept with the order, and its length is limited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_ENTRIES = 1_000
MAX_BYTES = 300_000
"""Beyond these limits, the oldest entries are dropped. The engine's entries go first, then people's. The order's first
entry always stays."""
MAX_REASON_LENGTH = 2_000
"""Characters."""
MAX_DATA_BYTES = 20_000
"""Bytes of JSON. Of larger data, the log keeps only the size."""
LEFT_OUT = "left_out_bytes"
"""The only key of the data that stands for data that was too large."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: float
    message: str
    step: str | None = None
    by: str | None = None
    """Who did it. None means the engine."""
    reason: str | None = None
    number: int = 0
    """From 1, in the order in which entries were recorded. It never changes."""
    data: Any = None
    """What the person entered, as JSON."""

    @property
    def size(self) -> int:
        """Bytes in a view or a snapshot, approximately."""
        texts = sum(len(text) for text in (self.message, self.step, self.by, self.reason) if text)
        return 100 + texts + (0 if self.data is None else json_size(self.data))


def json_size(data: Any) -> int:
    """Bytes."""
    return len(json.dumps(data, ensure_ascii=False, default=str).encode())


@dataclass(slots=True)
class AuditLog:
    entries: list[AuditEntry] = field(default_factory=list)
    last_number: int = 0
    size: int = 0
    unsent: list[Any] | None = field(default=None, repr=False)
    """The event buffer's list, if there is one: each new entry is added there too."""

    def record(
        self,
        at: float,
        message: str,
        step: str | None = None,
        by: str | None = None,
        reason: str = "",
        *,
        data: Any = None,
    ) -> None:
        """`data`: what the person entered. The log must own it: nobody may change it later."""
        self.last_number += 1
        kept = _bounded(data) if data else None
        entry = AuditEntry(at, message, step, by, reason[:MAX_REASON_LENGTH] or None, self.last_number, kept)
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

    def restore(self, entries: list[AuditEntry], last_number: int) -> None:
        self.entries, self.last_number = entries, last_number
        self.size = sum(entry.size for entry in entries)

    def entries_after(self, number: int) -> list[AuditEntry]:
        """The kept entries with a larger number."""
        if number >= self.last_number:
            return []
        count = next((at for at, entry in enumerate(reversed(self.entries)) if entry.number <= number), None)
        return self.entries[:] if count is None else self.entries[len(self.entries) - count :]

    def _drop_oldest(self) -> None:
        of_engine = (at for at, entry in enumerate(self.entries) if at and entry.by is None)
        dropped = self.entries.pop(next(of_engine, 1))
        self.size -= dropped.size


def _bounded(data: Any) -> Any:
    size = json_size(data)
    return data if size <= MAX_DATA_BYTES else {LEFT_OUT: size}
