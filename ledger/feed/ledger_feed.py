"""The feed of a worker: it takes changes and attempts at once, and writes them from a thread of its own."""

from __future__ import annotations

import random
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from activities.attempts.attempt_sink import AttemptRecord
from ledger.database import describe_location, is_sqlite, ledger_errors, write_transaction
from ledger.error_reasons import blames_database, database_error_reason
from ledger.feed.batch_writer import BatchWriter
from ledger.feed.change_buffer import MAX_BYTES, ChangeBuffer, Taken
from ledger.feed.feeder_row import REPORT_INTERVAL, FeederRow
from ledger.feed.write_pace import WritePace
from ledger.migrations.schema_version import SchemaState, read_schema_state, upgrade
from ledger.settings import LedgerUnusable
from ledger.sqlite_file import OpenFile, find_file
from ledger.writing.memory import WriterMemory
from ledger.writing.state_counts import SLOTS
from workflows.contract.order_changes import OrderChange

logger = structlog.get_logger("ledger")

BATCH_ROWS = 4_000
"""Rows of one transaction, roughly."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds until the next try while the database is away; doubled after each."""
WARNING_INTERVAL = 300.0
"""Seconds between two warnings while it stays away."""
REFUSAL_PAUSE = 60.0
"""Seconds for which nothing is taken of an order that the database refuses."""
SCHEMA_INTERVAL = 10.0
"""Seconds between two looks at the schema, which a newer release may migrate while this one writes."""
CLOSE_TIMEOUT = 5.0


@dataclass(frozen=True)
class FeedStatus:
    location: str
    trouble: str | None
    """Why nothing can be written now; None: all is well."""
    unwritten_orders: int
    """Also those that a transaction writes now."""
    written_changes: int
    dropped_orders: int


class LedgerFeed:
    """An OrderChangeSink and an AttemptSink."""

    def __init__(self, engine: Engine, worker: str, *, max_bytes: int = MAX_BYTES) -> None:
        """`worker`: the worker's identity, as Temporal shows it."""
        self._engine = engine
        self._location = describe_location(engine.url)
        self._buffer = ChangeBuffer(max_bytes)
        self._row = FeederRow(worker)
        self._written_changes = 0
        self._slot = random.randrange(SLOTS)
        self._worker = worker
        self._writer = self._new_writer()
        self._pace = WritePace()
        self._file = OpenFile()
        """The one whose schema was looked at."""
        self._look_at_schema = 0.0
        """By time.monotonic(): when to look again."""
        self._ending = threading.Event()
        self._trouble: str | None = None
        self._pause = FIRST_PAUSE
        self._warn_at = 0.0
        self._deadline = float("inf")
        """By time.monotonic(): when a feed that ends gives up."""
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Returns at once. The thread connects, and waits for the database if it is away."""
        self._thread.start()

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Writes what is left, for at most `timeout` seconds."""
        self._deadline = time.monotonic() + timeout
        self._ending.set()
        self._buffer.wake()
        self._thread.join(timeout + 1)
        if left := len(self._buffer):
            logger.warning("the ledger lacks changes; its reconciliation adds them", orders=left, reason=self._trouble)

    def offer(self, change: OrderChange) -> None:
        self._buffer.offer(change)

    def wants_complete(self, order_id: str, submission: str) -> bool:
        return self._buffer.wants_complete((order_id, submission))

    def offer_attempt(self, attempt: AttemptRecord) -> None:
        self._buffer.offer_attempt(attempt)

    def status(self) -> FeedStatus:
        return FeedStatus(
            self._location,
            self._trouble,
            self._buffer.unwritten_orders,
            self._written_changes,
            self._buffer.dropped_orders,
        )

    def _run(self) -> None:
        self._until_ready()
        while not self._is_over():
            self._buffer.wait(REPORT_INTERVAL)
            is_moved = find_file(self._engine.url) != self._file  # away or replaced
            if is_moved or self._is_outgrown():
                self._until_ready()
                if self._is_over():
                    break
            began = time.monotonic()
            taken = self._buffer.take(BATCH_ROWS)
            orders = (order.key for order in taken.orders)
            interval = self._pace.next_interval(orders, began, has_more=len(self._buffer) > 0)
            if self._write(taken) and not self._ending.is_set():
                self._ending.wait(max(0.0, began + interval - time.monotonic()))
        self._withdraw()

    def _is_over(self) -> bool:
        if not self._ending.is_set():
            return False
        return not self._buffer.has_any() or time.monotonic() > self._deadline or self._trouble is not None

    def _until_ready(self) -> None:
        """Returns once the database has a schema that this release writes, or the feed ends."""
        while True:
            try:
                problem = self._prepare()
            except LedgerUnusable as unusable:
                problem = str(unusable)
            except Exception as error:
                self._report_failure(error)
                problem = f"The ledger ({self._location}) cannot be opened: {type(error).__name__}"
            if problem is None:
                self._recovered()
                return
            self._wait_after(problem)
            if self._ending.is_set():
                return

    def _is_outgrown(self) -> bool:
        """Whether a newer release has shut this one out since the last look."""
        if time.monotonic() < self._look_at_schema:
            return False
        self._look_at_schema = time.monotonic() + SCHEMA_INTERVAL
        try:
            return read_schema_state(self._engine).has_outgrown_release
        except LedgerUnusable:
            return False  # the next transaction says why

    def _new_writer(self) -> BatchWriter:
        """It remembers nothing: what was known of another file does not count."""
        return BatchWriter(self._engine, self._worker, WriterMemory(slot=self._slot))

    def _prepare(self) -> str | None:
        """Why the database cannot be written yet. Only the file of SQLite is migrated here: a server's database may
        need another user for it, and others may be using it."""
        state = read_schema_state(self._engine)
        self._look_at_schema = time.monotonic() + SCHEMA_INTERVAL
        self._file = find_file(self._engine.url)
        self._writer = self._new_writer()
        if state.is_behind and is_sqlite(self._engine):
            upgrade(self._engine)
            state = read_schema_state(self._engine)
        if (problem := schema_problem(state)) is None:
            with ledger_errors(self._engine), write_transaction(self._engine) as connection:
                self._row.forget_others(connection)
        return problem

    def _write(self, taken: Taken) -> bool:
        """False if the database is away; then all waits for the next try."""
        self._row.committed_at = datetime.now(UTC)
        self._row.written_changes = self._written_changes + sum(order.count for order in taken.orders)
        try:
            written = self._writer.write(taken, self._report)
        except Exception as error:
            self._buffer.restore(taken)
            if not blames_database(error):
                self._report_failure(error)
            reason = database_error_reason(error) if isinstance(error, DBAPIError) else type(error).__name__
            self._wait_after(f"The ledger ({self._location}) cannot be written: {reason}")
            return False
        self._written_changes = self._row.written_changes
        self._buffer.confirm()
        self._buffer.ask_for_complete(written.missed)
        self._buffer.refuse(written.refused, REFUSAL_PAUSE)
        self._recovered()
        return True

    def _report_failure(self, error: Exception) -> None:
        """Without the error's message, which may hold data of orders. Once until the ledger can be written again."""
        if self._trouble is None:
            where = traceback.format_tb(error.__traceback__)
            logger.error("the ledger's feed has failed, and tries again", error=type(error).__name__, where=where)

    def _report(self, connection: Connection) -> None:
        self._row.report(
            connection,
            oldest_unwritten_at=self._buffer.oldest_unwritten_at(),
            unwritten_orders=len(self._buffer),
            dropped_orders=self._buffer.dropped_orders,
        )

    def _withdraw(self) -> None:
        if self._trouble is None:
            try:
                with write_transaction(self._engine) as connection:
                    self._row.withdraw(connection)
            except DBAPIError as error:
                logger.warning("the ledger is not told that this worker ends", reason=database_error_reason(error))

    def _wait_after(self, problem: str) -> None:
        if self._trouble is None or time.monotonic() > self._warn_at:
            logger.warning("changes of orders wait for the ledger", reason=problem)
            self._warn_at = time.monotonic() + WARNING_INTERVAL
        self._trouble = problem
        self._ending.wait(self._pause * random.uniform(0.8, 1.2))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _recovered(self) -> None:
        if self._trouble is not None:
            logger.info("the ledger can be written again", location=self._location, unwritten_orders=len(self._buffer))
        self._trouble, self._pause = None, FIRST_PAUSE


def schema_problem(state: SchemaState) -> str | None:
    """Why this release does not write to a database in this state."""
    if state.is_behind:
        return (
            f"The ledger's schema is version {state.current}, and this release needs version {state.newest}: "
            "the ledger must be migrated"
        )
    if state.has_outgrown_release:
        return (
            f"The ledger's schema takes changes of releases with version {state.oldest_writer} and later, "
            f"and this one has version {state.newest}: the worker must be updated"
        )
    return None
