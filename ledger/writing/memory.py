"""What a writer remembers of its last commits, so that it reads and writes less."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b

from ledger.stored_text import dump_json
from ledger.writing.rows import Row
from workflows.contract.order_changes import ChangePosition

MAX_ORDERS = 10_000

WorkItemKeys = frozenset[tuple[int, str]]
"""(step number, kind) of items that an order has in the table."""
NO_ITEMS: WorkItemKeys = frozenset()


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """What the tables have of an order."""

    position: ChangePosition
    """Of the change that wrote it. If another writer has written the order since, nothing is known of it."""
    documents: bytes
    """Their digest."""
    work_items: WorkItemKeys


@dataclass
class WriterMemory:
    """Nothing of it counts before `confirm`, which the transaction's commit calls for."""

    slot: int = 0
    """Of the counters in `state_counts`."""
    _orders: OrderedDict[int, OrderMemory] = field(default_factory=OrderedDict)
    """By key."""
    _unconfirmed: dict[int, OrderMemory] = field(default_factory=dict)

    def recall(self, order_key: int, stored: ChangePosition) -> OrderMemory | None:
        """`stored`: the position of the order's rows before this batch. None: the writer does not know them."""
        known = self._orders.get(order_key)
        return known if known is not None and known.position == stored else None

    def remember(self, order_key: int, order: OrderMemory) -> None:
        self._unconfirmed[order_key] = order

    def confirm(self) -> None:
        for key, known in self._unconfirmed.items():
            self._orders[key] = known
            self._orders.move_to_end(key)
        while len(self._orders) > MAX_ORDERS:
            self._orders.popitem(last=False)
        self._unconfirmed.clear()

    def discard(self) -> None:
        self._unconfirmed.clear()


def documents_digest(row: Row) -> bytes:
    return blake2b(dump_json(row).encode(), digest_size=16).digest()
