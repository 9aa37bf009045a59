"""What a writer remembers of its last commits, so that it writes less."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b

from ledger.stored_text import dump_json
from ledger.writing.rows import Row
from workflows.contract.order_changes import ChangePosition

MAX_ORDERS = 10_000


@dataclass
class WriterMemory:
    """Nothing of it counts before `confirm`, which the transaction's commit calls for."""

    slot: int = 0
    """Of the counters in `state_counts`."""
    catalogue_versions: dict[str, int] = field(default_factory=dict)
    """Version → key."""
    _documents: OrderedDict[int, tuple[ChangePosition, bytes]] = field(default_factory=OrderedDict)
    _unconfirmed: dict[int, tuple[ChangePosition, bytes]] = field(default_factory=dict)

    def has_documents(self, row: Row, stored: ChangePosition | None, position: ChangePosition) -> bool:
        """Whether the order's documents in the table are those of `row`. `stored` is the position of the order's rows
        before this batch; if another writer has written them since, nothing is known of them."""
        key = row["order_key"]
        digest = blake2b(dump_json(row).encode(), digest_size=16).digest()
        self._unconfirmed[key] = (position, digest)
        return stored is not None and self._documents.get(key) == (stored, digest)

    def confirm(self) -> None:
        for key, known in self._unconfirmed.items():
            self._documents[key] = known
            self._documents.move_to_end(key)
        while len(self._documents) > MAX_ORDERS:
            self._documents.popitem(last=False)
        self._unconfirmed.clear()

    def discard(self) -> None:
        self._unconfirmed.clear()
        self.catalogue_versions.clear()
