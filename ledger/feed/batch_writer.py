"""Writes what the buffer gave in as few transactions as possible, and finds the rows that the database refuses."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from activities.attempts.attempt_sink import AttemptRecord
from ledger.database import write_transaction
from ledger.error_reasons import blames_database, database_error_reason, is_collision
from ledger.feed.change_buffer import REFUSED, Taken
from ledger.feed.pending_order import OrderKey
from ledger.postgresql_settings import WRITER_SETTINGS, set_on_postgresql
from ledger.retention.moved_away import find_erasure_times
from ledger.schema.tables import attempts, gaps
from ledger.writing.apply_changes import apply_changes
from ledger.writing.attempt_rows import attempt_row
from ledger.writing.batch import RowBatch
from ledger.writing.memory import WriterMemory
from ledger.writing.statements import add, upsert
from workflows.contract.order_changes import OrderChange

logger = structlog.get_logger("ledger")

_SETTINGS = WRITER_SETTINGS | {"lock_timeout": "10s", "statement_timeout": "60s"}
"""A transaction of the writer that waits longer is given up, and tried again later."""

MAX_COLLISIONS = 4
"""How often a transaction is repeated at once. After that, it waits as if the database was away."""

Item = TypeVar("Item")
Report = Callable[[Connection], None]
"""Writes the feeder's own row."""


@dataclass
class Written:
    missed: list[OrderChange] = field(default_factory=list)
    """Changes before which another is missing."""
    refused: list[OrderKey] = field(default_factory=list)
    """Orders that the database does not take."""


class BatchWriter:
    def __init__(self, engine: Engine, worker: str, memory: WriterMemory) -> None:
        """`worker`: the identity that the rows of attempts name."""
        self._engine = engine
        self._worker = worker
        self._memory = memory

    def write(self, taken: Taken, report: Report) -> Written:
        """Raises DBAPIError if the database is away; then nothing or a part is written, and may be written again."""
        written = Written()
        if not self._is_written(taken, written, report):
            self._split(taken, written)
            self._transact(Taken(), report)  # earlier, parts of it would still have waited
        return written

    def _split(self, taken: Taken, written: Written) -> None:
        """What was refused: smaller parts are tried, until the order or attempt is found that is to blame."""
        parts = _smaller(taken)
        for part in parts:
            if not self._is_written(part, written):
                self._split(part, written)
        if not parts:
            self._repair(taken, written)

    def _is_written(self, taken: Taken, written: Written, report: Report | None = None) -> bool:
        """False: the database refuses the rows."""
        try:
            written.missed += self._transact(taken, report)
        except Exception as error:
            if blames_database(error):
                raise
            return False
        return True

    def _repair(self, taken: Taken, written: Written) -> None:
        """A single order or attempt that was refused: once more, without what some databases do not take."""
        try:
            written.missed += self._transact(taken, repair=True)
        except Exception as error:
            if blames_database(error):
                raise
            self._give_up(taken, error, written)

    def _give_up(self, taken: Taken, error: Exception, written: Written) -> None:
        where = traceback.format_tb(error.__traceback__)[-1].strip()
        # the message of another error may hold data of the order
        reason = database_error_reason(error) if isinstance(error, DBAPIError) else type(error).__name__
        for attempt in taken.attempts:
            logger.error(
                "the ledger does not take an attempt", order_id=attempt.order_id, step_id=attempt.step_id,
                reason=reason, where=where,
            )  # fmt: skip
        for order in taken.orders:
            logger.error("the ledger does not take an order", order_id=order.key[0], reason=reason, where=where)
            with write_transaction(self._engine) as connection:
                upsert(connection, gaps, [_gap_row(order.key, REFUSED, reason)])
            written.refused.append(order.key)

    def _transact(self, taken: Taken, report: Report | None = None, *, repair: bool = False) -> list[OrderChange]:
        """At once again if another writer was in the way: the database is there."""
        for _ in range(MAX_COLLISIONS):
            try:
                return self._transact_once(taken, report, repair=repair)
            except DBAPIError as error:
                if not is_collision(error):
                    raise
        return self._transact_once(taken, report, repair=repair)

    def _transact_once(self, taken: Taken, report: Report | None, *, repair: bool) -> list[OrderChange]:
        try:
            with write_transaction(self._engine) as connection:
                set_on_postgresql(connection, _SETTINGS)
                changes = [order.merged() for order in taken.orders]
                missed = apply_changes(connection, changes, self._memory, repair=repair) if changes else []
                self._add_attempts(connection, taken.attempts, repair=repair)
                add(connection, gaps, [_gap_row(key, reason) for key, reason in taken.gaps.items()])
                if report is not None:
                    report(connection)
        except BaseException:
            self._memory.discard()
            raise
        self._memory.confirm()
        return missed

    def _add_attempts(self, connection: Connection, records: Sequence[AttemptRecord], *, repair: bool) -> None:
        """Those that had begun when their order was erased are left out: what failed may name the person."""
        erased = find_erasure_times(connection, {record.order_id for record in records})
        kept = [
            record for record in records if record.order_id not in erased or record.started_at > erased[record.order_id]
        ]
        batch = RowBatch()
        batch.put(attempts, [attempt_row(record, self._worker) for record in kept])
        (batch.repaired() if repair else batch).write(connection)


def _gap_row(key: OrderKey, reason: str, error: str | None = None) -> dict[str, object]:
    order_id, submission = key
    return {
        "order_id": order_id,
        "submission": submission,
        "reason": reason,
        "since": datetime.now(UTC),
        "tries": 0,
        "error": error,
    }


def _smaller(taken: Taken) -> list[Taken]:
    """Smaller parts with the same content. Empty for a single order or attempt, and for gaps alone."""
    kinds = [Taken(orders=taken.orders), Taken(attempts=taken.attempts), Taken(gaps=taken.gaps)]
    if len(parts := [each for each in kinds if each]) > 1:
        return parts
    if len(taken.orders) > 1:
        return [Taken(orders=half) for half in _halves_of(taken.orders)]
    if len(taken.attempts) > 1:
        return [Taken(attempts=half) for half in _halves_of(taken.attempts)]
    return []


def _halves_of(items: list[Item]) -> tuple[list[Item], list[Item]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]
