"""Erases personal data of orders in the ledger and in the archive."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, not_, select, update

from ledger.database import write_transaction
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_formats import ArchiveUnusable
from ledger.retention.archive_places import folders_with_leftovers, locate
from ledger.retention.archive_writing import Rewritten, archive_writer, rewrite_file
from ledger.retention.attempt_owners import find_other_periods
from ledger.retention.batches import in_batches
from ledger.retention.customer_orders import CustomerOrder
from ledger.retention.erasure_records import Obstacle, RemainingData
from ledger.retention.holds import IN_FORCE, HoldScope, held_orders, lock_data_life
from ledger.retention.order_rows import OrderRows
from ledger.retention.personal_data import blank_attempts, blank_document, blank_rows
from ledger.retention.stale_documents import find_stale, forget_stale
from ledger.schema.tables import archived_orders, erased_orders, legal_holds, order_ids, order_words, orders
from ledger.schema.value_lists import IsOneOf
from ledger.writing.order_rows import id_word_rows
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
            _blank(connection, _lock_rows(connection, batch), _submissions(batch))


def _blank(connection: Connection, rows: Sequence[LockedRow], submissions: Mapping[str, Collection[str]]) -> None:
    blank_rows(connection, [row.key for row in rows])
    words = [word for row in rows if row.is_current for word in id_word_rows(row.key, row.order_id)]
    add(connection, order_words, words)
    blank_attempts(connection, submissions, find_other_periods(connection, submissions))


def _submissions(targets: Iterable[CustomerOrder]) -> dict[str, set[str]]:
    return {order.order_id: order.submissions for order in targets}


def _erase_rows(connection: Connection, erasure_key: int, targets: Sequence[CustomerOrder], now: datetime) -> int:
    """Returns how many orders had personal data."""
    rows = _lock_rows(connection, targets)
    submissions = _submissions(targets)
    erased_before = {
        (row.order_id, row.submission) for row in connection.execute(_SELECT_ERASED, {"order_ids": submissions.keys()})
    }
    marks = [
        {"order_id": order.order_id, "submission": submission, "erasure_key": erasure_key, "at": now}
        for order in targets
        for submission in sorted(order.submissions)
    ]
    add(connection, erased_orders, marks)
    _blank(connection, rows, submissions)
    erased = {submission for of_order in submissions.values() for submission in of_order}
    connection.execute(_FORGET_DIGESTS, {"order_ids": submissions.keys(), "submissions": erased})
    connection.execute(_FORGET_REASONS, {"order_ids": submissions.keys()})
    return len({row.order_id for row in rows if (row.order_id, row.submission) not in erased_before})


class LockedRow(NamedTuple):
    key: int
    order_id: str
    submission: str
    is_current: bool


_SELECT_ERASED = select(erased_orders.c.order_id, erased_orders.c.submission).where(
    IsOneOf(erased_orders.c.order_id, "order_ids")
)
_FORGET_DIGESTS = (
    update(order_ids)
    .where(IsOneOf(order_ids.c.order_id, "order_ids"), IsOneOf(order_ids.c.submission, "submissions"))
    .values(digest=None)
)
_FORGET_REASONS = (
    update(legal_holds)
    .where(legal_holds.c.scope == HoldScope.ORDER.value, IsOneOf(legal_holds.c.subject, "order_ids"), not_(IN_FORCE))
    .values(reason="")
)
"""Of holds that were released."""
_LOCK_ROWS = (
    select(orders.c.key, orders.c.order_id, orders.c.submission, orders.c.is_current)
    .where(IsOneOf(orders.c.order_id, "order_ids"))
    .order_by(orders.c.key)
    .with_for_update()
)


def _lock_rows(connection: Connection, targets: Sequence[CustomerOrder]) -> list[LockedRow]:
    """The targets' rows of `orders`. No writer changes them until the transaction ends."""
    wanted = _submissions(targets)
    rows = [LockedRow(*row) for row in connection.execute(_LOCK_ROWS, {"order_ids": wanted.keys()})]
    return [row for row in rows if row.submission in wanted[row.order_id]]


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
    """Archive file → its orders that have personal data of the customer, also if they have left the archive. An erased
    one has no customer any more."""
    found: dict[str, list[str]] = defaultdict(list)
    columns = archived_orders.c
    with engine.connect() as connection:
        for batch in in_batches(sorted(targets), BATCH_SIZE):
            query = select(columns.file, columns.order_id, columns.submission).where(
                columns.order_id.in_(batch), columns.customer_id.is_not(None)
            )
            for row in connection.execute(query):
                if row.submission in targets[row.order_id].submissions:
                    found[row.file].append(row.order_id)
        for stale in find_stale(connection, targets.keys()):
            if stale.submission in targets[stale.order_id].submissions:
                found[stale.file].append(stale.order_id)
    return {file: list(dict.fromkeys(ids)) for file, ids in found.items()}


def _rewrite(
    engine: Engine, archive: ArchiveFolder, file: str, targets: Mapping[str, CustomerOrder], now: datetime
) -> Rewritten:
    with engine.connect() as connection:
        others = find_other_periods(connection, _submissions(targets.values()))

    def without_person(document: OrderRows) -> OrderRows:
        target = targets.get(document.order_id)
        if target is None:
            return document
        return blank_document(document, target.submissions, others.get(document.order_id, ()))

    def forget_customer(connection: Connection, rewritten: Rewritten) -> None:
        for target in targets.values():
            forget_stale(connection, rewritten.file, target.order_id, target.submissions)
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
