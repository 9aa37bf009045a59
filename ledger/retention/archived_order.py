"""Archived orders: found, read as if they were in the ledger, and brought back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, select
from sqlalchemy.pool import StaticPool

from ledger.database import ledger_errors
from ledger.retention.archive_orders import RETENTION_SLOT
from ledger.retention.archive_places import locate
from ledger.retention.archive_writing import Rewritten, archive_writer, rewrite_file
from ledger.retention.order_rows import OrderRows, insert_rows
from ledger.schema.tables import (
    archived_orders,
    metadata,
    order_external_ids,
    order_products,
    order_systems,
    order_words,
    orders,
    work_items,
)
from ledger.writing.state_counts import add_to_state_counts

CURRENT_ONLY = (order_products, order_systems, order_external_ids, order_words, work_items)
"""Tables that have rows of current orders alone."""


@dataclass(frozen=True)
class ArchivedOrder:
    order_id: str
    submission: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    archived_at: datetime
    file: str
    """The path at which it was written."""
    record: int


def find_archived(engine: Engine, order_id: str) -> list[ArchivedOrder]:
    """The archived submissions of an order, the latest last. Raises LedgerUnusable."""
    with ledger_errors(engine), engine.connect() as connection:
        return _find(connection, order_id)


def _find(connection: Connection, order_id: str) -> list[ArchivedOrder]:
    columns = [column for column in archived_orders.c if column.name != "customer_id"]
    by_start = (archived_orders.c.started_at, archived_orders.c.submission)
    query = select(*columns).where(archived_orders.c.order_id == order_id).order_by(*by_start)
    return [ArchivedOrder(**row) for row in connection.execute(query).mappings()]


def open_archived(engine: Engine, order_id: str, folder: Path | None = None) -> Engine | None:
    """A ledger in memory with this archived order alone, for the functions that read the ledger. None if the order is
    not archived. The caller disposes of it.

    Raises LedgerUnusable, also if the archive cannot be read. `folder`: where the archive is, if it was moved.
    """
    found = find_archived(engine, order_id)
    if not found:
        return None
    places: dict[tuple[str, int], set[str]] = defaultdict(set)
    for each in found:
        places[each.file, each.record].add(each.submission)
    documents = []
    for (file, record), submissions in places.items():
        archive, name = locate(file, folder)
        documents.append(archive.read_one(name, record).only(submissions))
    memory = _ledger_in_memory()
    with memory.begin() as connection:
        for document in documents:
            _make_current(document, found[-1].submission)
            insert_rows(connection, document)
    return memory


def _ledger_in_memory() -> Engine:
    memory = create_engine(
        "sqlite+pysqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    metadata.create_all(memory)
    return memory


def is_archived(connection: Connection, order_id: str) -> bool:
    query = select(archived_orders.c.file).where(archived_orders.c.order_id == order_id)
    return connection.execute(query).first() is not None


@contextmanager
def archived_order(engine: Engine, order_id: str) -> Iterator[Engine]:
    """Like `open_archived`, for the block; without the order, if it is not archived any more."""
    found = open_archived(engine, order_id) or _ledger_in_memory()
    try:
        yield found
    finally:
        found.dispose()


class NotArchived(Exception):
    """The message says why the order cannot be brought back."""


def restore_order(engine: Engine, order_id: str, folder: Path | None = None) -> int:
    """Brings an archived order back into the ledger, and takes it out of the archive. Returns the number of its
    submissions.

    Raises NotArchived, and LedgerUnusable, also if the archive cannot be read or written.
    """
    found = find_archived(engine, order_id)
    if not found:
        raise NotArchived(f"Order {order_id} is not in the archive")
    restored = 0
    for file in dict.fromkeys(each.file for each in reversed(found)):
        archive, _ = locate(file, folder)
        archive.require()
        with archive_writer(engine, archive) as durable:

            def is_other(document: OrderRows) -> OrderRows | None:
                return None if document.order_id == order_id else document

            done = rewrite_file(durable, archive, file, is_other, datetime.now(UTC), _put_back)
            restored += sum(len(document.orders) for document in done.removed)
    return restored


def _put_back(connection: Connection, rewritten: Rewritten) -> None:
    """Submissions that are in the ledger stay as they are."""
    for number, document in enumerate(rewritten.removed):
        query = select(orders.c.submission, orders.c.is_current).where(orders.c.order_id == document.order_id)
        stored = {row.submission: row.is_current for row in connection.execute(query)}
        document = document.only({row["submission"] for row in document.orders} - stored.keys())
        rewritten.removed[number] = document
        if not document.orders:
            continue
        has_later = any(stored.values())
        latest = max(document.orders, key=lambda row: (row["started_at"], row["submission"]))
        _make_current(document, None if has_later else latest["submission"])
        insert_rows(connection, document)
        current = Counter(row["state"] for row in document.orders if row["is_current"])
        add_to_state_counts(connection, current, RETENTION_SLOT)


def _make_current(document: OrderRows, submission: str | None) -> None:
    """`submission`: the latest one of the order's id. It may be elsewhere."""
    document.tables["orders"] = [row | {"is_current": row["submission"] == submission} for row in document.orders]
    if not any(row["is_current"] for row in document.orders):
        for table in CURRENT_ONLY:
            document.tables.pop(table.name, None)
