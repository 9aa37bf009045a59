"""Writes what reconciliation has found out."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, update
from sqlalchemy.exc import DBAPIError

from ledger.database import write_transaction
from ledger.error_reasons import blames_database, database_error_reason
from ledger.postgresql_settings import WRITER_SETTINGS, set_on_postgresql
from ledger.reconciliation.gap_list import close_gap
from ledger.reconciliation.stored_runs import StoredRun, load_stored_runs
from ledger.retention.moved_away import MovedAway, find_moved
from ledger.schema.tables import order_documents, orders
from ledger.writing.apply_changes import apply_changes
from ledger.writing.interruptions import mark_interrupted
from ledger.writing.memory import WriterMemory
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_views import Interruption, InterruptionKind


class RecordRefused(Exception):
    """The database does not take the record. The message holds no data of the order."""


def write_record(engine: Engine, record: OrderChange, interruption: Interruption | None, *, is_closed: bool) -> bool:
    """Writes an order's record, and how its run was ended from outside. Returns whether the order's rows were behind.

    Orders that were erased stay away, as do archived ones that have ended. Raises RecordRefused, and the errors of a
    database that is away or set up wrongly.
    """
    try:
        return _write_record(engine, record, interruption, is_closed=is_closed, repair=False)
    except Exception as error:
        if blames_database(error):
            raise
    try:
        # without a text that this database does not take, such as one with NUL
        return _write_record(engine, record, interruption, is_closed=is_closed, repair=True)
    except Exception as error:
        if blames_database(error):
            raise
        raise RecordRefused(
            database_error_reason(error) if isinstance(error, DBAPIError) else type(error).__name__
        ) from error


def _write_record(
    engine: Engine, record: OrderChange, interruption: Interruption | None, *, is_closed: bool, repair: bool
) -> bool:
    with write_transaction(engine) as connection:
        set_on_postgresql(connection, WRITER_SETTINGS)
        away = find_moved(connection, [record.order_id]).get((record.order_id, record.submission))
        if away is MovedAway.ERASED or (away is MovedAway.ARCHIVED and is_closed):
            for submission in ("", record.submission):
                close_gap(connection, record.order_id, submission)
            return False
        before = _stored(connection, record)
        if before is not None and before.run_id == record.run_id:
            _make_way(connection, before, record, is_closed=is_closed)
        apply_changes(connection, [record], WriterMemory(), repair=repair)
        if interruption is not None:
            mark_interrupted(connection, record.order_id, record.submission, interruption)
        after = _stored(connection, record)
        return before is None or after is None or _position(before) != _position(after)


def mark_deleted(engine: Engine, order_id: str, submission: str) -> bool:
    """Temporal does not know the order any more, which had not ended. Returns whether that is new."""
    with write_transaction(engine) as connection:
        interruption = Interruption(kind=InterruptionKind.DELETED, at=datetime.now(UTC))
        return mark_interrupted(connection, order_id, submission, interruption)


def _make_way(connection: Connection, before: StoredRun, record: OrderChange, *, is_closed: bool) -> None:
    """A closed run's record is final: rows that are newer were told by a workflow task that Temporal did not take. And
    whether the run was ended from outside is known better now: it may count as deleted, and is there."""
    changes: dict[str, object] = {}
    if is_closed and before.position > record.position:
        started_at, event_id, at = record.position
        changes |= {"run_started_at": started_at, "event_id": event_id, "position_at": at}
    if before.interrupted is not None:
        changes["interrupted_kind"] = None
        nothing = {"interrupted_at": None, "interrupted_by": None, "interrupted_reason": None}
        connection.execute(update(order_documents).where(order_documents.c.order_key == before.key).values(nothing))
    if changes:
        connection.execute(update(orders).where(orders.c.key == before.key).values(changes))


def _stored(connection: Connection, record: OrderChange) -> StoredRun | None:
    submissions = load_stored_runs(connection, [record.order_id])[record.order_id]
    return next((each for each in submissions if each.submission == record.submission), None)


def _position(stored: StoredRun) -> tuple[object, ...]:
    return stored.run_id, stored.position, stored.interrupted
