"""A ledger that only remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.ledger.rows import LedgerRows
from workflows.contract.order_changes import OrderChange
from workflows.shell.order_changes import clear_sink, install_sink


@dataclass
class RecordingSink:
    changes: list[OrderChange] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    """Orders whose next change must be complete."""

    def offer(self, change: OrderChange) -> None:
        self.changes.append(change)
        if change.is_complete:
            self.incomplete.discard(change.order_id)

    def wants_complete(self, order_id: str, submission: str) -> bool:  # noqa: ARG002
        return order_id in self.incomplete

    def of(self, order_id: str) -> list[OrderChange]:
        return [change for change in self.changes if change.order_id == order_id]

    def rows(self, order_id: str) -> LedgerRows:
        """Raises AssertionError if the changes do not follow each other."""
        rows = LedgerRows()
        for change in self.of(order_id):
            rows.apply(change)
        return rows

    async def until_state(self, order_id: str, state: str) -> OrderChange:
        for _ in range(400):
            if (changes := self.of(order_id)) and changes[-1].order.state == state:
                return changes[-1]
            await asyncio.sleep(0.02)
        raise AssertionError([change.order.state for change in self.of(order_id)])


@contextmanager
def recording() -> Iterator[RecordingSink]:
    sink = RecordingSink()
    install_sink(sink)
    try:
        yield sink
    finally:
        clear_sink()
