"""Erases personal data of orders in the ledger and in the archive."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from ledger.database import write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_formats import ArchiveUnusable
from ledger.retention.archive_places import folders_with_leftovers, locate
from ledger.retention.archive_writing import Rewritten, archive_writer, rewrite_file
from ledger.retention.batches import in_batches
from ledger.retention.customer_orders import CustomerOrder
from ledger.retention.erasure_records import Obstacle, RemainingData
from ledger.retention.holds import held_orders, lock_data_life
from ledger.retention.order_rows import OrderRows
from ledger.retention.personal_data import blank_document, blank_rows, blank_rows_by_id
from ledger.schema.tables import archived_orders, erased_orders, order_ids, orders
from ledger.writing.statements import add

BATCH_SIZE = 200
"""Orders of one transaction."""


@dataclass
class StoredErasure:
    counts: Counter[str] = field(default_factory=Counter)
    remaining: list[RemainingData] = field(default_factory=list)
    erased: list[CustomerOrder] = field(default_factory=list)
    """Orders of which the ledger has no personal data any more."""


def erase_stored(
    engine: Engine, erasure_key: int, targets: Sequence[CustomerOrder], now: datetime, folder: Path | None
) -> StoredErasure:
    """Leaves out orders that have come under legal hold meanwhile."""
    done = StoredErasure()
    for batch in in_batches(targets, BATCH_SIZE):
        with write_transaction(engine) as connection:
            lock_data_life(connection)
            held = held_orders(connection, [order.order_id for order in batch])
            free = [order for order in batch if order.order_id not in held]
            done.counts["orders"] += _erase_rows(connection, erasure_key, free, now)
        done.erased += free
        done.remaining += [
            RemainingData(Obstacle.HELD, order.order_id, tuple(sorted(order.submissions)), detail=held[order.order_id])
            for order in batch
            if order.order_id in held
        ]
    _erase_archived(engine, done, now, folder)
    return done


def erase_again(engine: Engine, targets: Sequence[CustomerOrder]) -> None:
    """For what a writer wrote that had begun before the orders were marked as erased."""
    for batch in in_batches(targets, BATCH_SIZE):
        with write_transaction(engine) as connection:
            blank_rows(connection, _lock_rows(connection, batch))
            blank_rows_by_id(connection, [order.order_id for order in batch])


def _erase_rows(connection: Connection, erasure_key: int, targets: Sequence[CustomerOrder], now: datetime) -> int:
    """Returns how many orders had personal data."""
    keys = _lock_rows(connection, targets)
    ids = sorted(order.order_id for order in targets)
    erased_before = set(
        connection.execute(select(erased_orders.c.order_id).where(erased_orders.c.order_id.in_(ids))).scalars()
    )
    marks = [
        {"order_id": order.order_id, "submission": submission, "erasure_key": erasure_key, "at": now}
        for order in targets
        for submission in sorted(order.submissions)
    ]
    add(connection, erased_orders, marks)
    blank_rows(connection, keys)
    blank_rows_by_id(connection, ids)
    connection.execute(update(order_ids).where(order_ids.c.order_id.in_(ids)).values(digest=None))
    stored = set(connection.execute(select(orders.c.order_id).where(orders.c.key.in_(keys))).scalars())
    return len(stored - erased_before)


def _lock_rows(connection: Connection, targets: Sequence[CustomerOrder]) -> list[int]:
    """The keys of the targets' rows. No writer changes them until the transaction ends."""
    wanted = {order.order_id: order.submissions for order in targets}
    query = select(orders.c.key, orders.c.order_id, orders.c.submission).where(orders.c.order_id.in_(sorted(wanted)))
    rows = connection.execute(query.order_by(orders.c.key).with_for_update())
    return [row.key for row in rows if row.submission in wanted[row.order_id]]


def _erase_archived(engine: Engine, done: StoredErasure, now: datetime, folder: Path | None) -> None:
    _finish_interrupted(engine, done)
    targets = {order.order_id: order for order in done.erased}
    for file, of_file in _files_of(engine, targets).items():
        try:
            archive, _ = locate(file, folder)
            archive.require()
            with archive_writer(engine, archive) as durable:
                here = {order_id: targets[order_id] for order_id in of_file}
                rewritten = _rewrite(durable, archive, file, here, now)
            done.counts["archived"] += rewritten.changed
        except ArchiveUnusable as error:
            done.remaining += [
                RemainingData(
                    Obstacle.ARCHIVE,
                    order_id,
                    tuple(sorted(targets[order_id].submissions)),
                    detail=str(error),
                )
                for order_id in of_file
            ]


def _finish_interrupted(engine: Engine, done: StoredErasure) -> None:
    """A file that was replaced stays until it is removed, with the data in it."""
    with engine.connect() as connection:
        folders = folders_with_leftovers(connection)
    for folder in folders:
        try:
            with archive_writer(engine, folder):
                pass
        except ArchiveUnusable as error:
            done.remaining.append(RemainingData(Obstacle.ARCHIVE, detail=str(error)))


def _files_of(engine: Engine, targets: Mapping[str, CustomerOrder]) -> dict[str, list[str]]:
    """Archive file → its orders that have personal data of the customer. An erased one has no customer any more."""
    found: dict[str, list[str]] = defaultdict(list)
    columns = archived_orders.c
    with engine.connect() as connection:
        for batch in in_batches(sorted(targets), BATCH_SIZE):
            query = select(columns.file, columns.order_id, columns.submission).where(
                columns.order_id.in_(batch), columns.customer_id.is_not(None)
            )
            for row in connection.execute(query):
                if row.submission in targets[row.order_id].submissions and row.order_id not in found[row.file]:
                    found[row.file].append(row.order_id)
    return {file: ids for file, ids in found.items() if ids}


def _rewrite(
    engine: Engine, archive: ArchiveFolder, file: str, targets: Mapping[str, CustomerOrder], now: datetime
) -> Rewritten:
    def without_person(document: OrderRows) -> OrderRows:
        target = targets.get(document.order_id)
        return document if target is None else blank_document(document, target.submissions)

    def forget_customer(connection: Connection, rewritten: Rewritten) -> None:
        for target in targets.values():
            connection.execute(
                update(archived_orders)
                .where(
                    archived_orders.c.file == rewritten.file,
                    archived_orders.c.order_id == target.order_id,
                    archived_orders.c.submission.in_(sorted(target.submissions)),
                )
                .values(customer_id=None)
            )

    return rewrite_file(engine, archive, file, without_person, now, forget_customer)
