"""Moves orders that ended long ago from the ledger into the archive, a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, not_, or_, select

from ledger.database import ledger_errors
from ledger.retention.archive_folder import ArchiveFolder, new_file_name
from ledger.retention.archive_rows import archived_rows
from ledger.retention.archive_rules import ArchiveRule
from ledger.retention.archive_writing import archive_writer, new_archive_file
from ledger.retention.holds import is_held
from ledger.retention.order_rows import delete_rows_of, read_rows
from ledger.schema.tables import archived_orders, gaps, orders
from ledger.writing.state_counts import add_to_state_counts

BATCH_SIZE = 500
"""Orders of one file, and of one transaction."""
RETENTION_SLOT = 0
"""Of `state_counts`, for changes by retention."""


@dataclass
class ArchivableOrders:
    by_state: dict[str, int] = field(default_factory=dict)
    held: int = 0
    """Orders that are left out because of a legal hold."""

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


@dataclass
class Archived:
    orders: int = 0
    files: list[str] = field(default_factory=list)


def count_archivable(engine: Engine, rules: Sequence[ArchiveRule], now: datetime) -> ArchivableOrders:
    """What `archive_orders` would move. Raises LedgerUnusable."""
    due = _is_due(rules, now)
    by_state = select(orders.c.state, func.count()).where(due, not_(is_held())).group_by(orders.c.state)
    held = select(func.count()).select_from(orders).where(due, is_held())
    with ledger_errors(engine), engine.connect() as connection:
        counts = {state: int(count) for state, count in connection.execute(by_state)}
        return ArchivableOrders(counts, connection.execute(held).scalar_one())


def archive_orders(
    engine: Engine,
    folder: ArchiveFolder,
    rules: Sequence[ArchiveRule],
    now: datetime,
    *,
    archive_format: str = "jsonl",
    batch_size: int = BATCH_SIZE,
    on_batch: Callable[[Archived], None] | None = None,
) -> Archived:
    """Moves all orders that the rules fit, those that ended first first. `on_batch` is told after each batch. It may be
    killed at any moment and run again.

    Raises LedgerUnusable, also if the archive cannot be written; what was moved before stays moved.
    """
    done = Archived()
    folder.create()
    with archive_writer(engine, folder) as durable:
        while moved := _archive_batch(durable, folder, rules, now, archive_format, batch_size):
            done.orders += moved.orders
            done.files += moved.files
            if on_batch is not None:
                on_batch(done)
    return done


def _archive_batch(
    engine: Engine,
    folder: ArchiveFolder,
    rules: Sequence[ArchiveRule],
    now: datetime,
    archive_format: str,
    batch_size: int,
) -> Archived | None:
    """None if nothing is left to move."""
    file = new_file_name(now, archive_format)
    with new_archive_file(engine, folder, file) as connection:
        documents = read_rows(connection, _lock_due_orders(connection, rules, now, batch_size))
        if not documents:
            return None
        folder.write(file, documents)
        connection.execute(insert(archived_orders), archived_rows(documents, str(folder.path / file), now))
        delete_rows_of(connection, documents)
        connection.execute(delete(gaps).where(gaps.c.order_id.in_(document.order_id for document in documents)))
        ended = Counter(row["state"] for document in documents for row in document.orders if row["is_current"])
        add_to_state_counts(connection, {state: -count for state, count in ended.items()}, RETENTION_SLOT)
    return Archived(len(documents), [file])


def _lock_due_orders(connection: Connection, rules: Sequence[ArchiveRule], now: datetime, batch_size: int) -> list[str]:
    query = (
        select(orders.c.order_id)
        .where(_is_due(rules, now), not_(is_held()))
        .order_by(orders.c.ended_at, orders.c.key)
        .limit(batch_size)
        .with_for_update(of=orders)
    )
    return list(connection.execute(query).scalars())


def _is_due(rules: Sequence[ArchiveRule], now: datetime) -> ColumnElement[bool]:
    """A running order never is: it has no end."""
    by_rule = [and_(orders.c.state == rule.state.value, orders.c.ended_at < now - rule.older_than) for rule in rules]
    return and_(orders.c.is_current, orders.c.ended_at.is_not(None), or_(False, *by_rule))
