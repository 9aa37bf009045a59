"""What a writer sends finds its rows by an index: no statement takes longer because there are more orders."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from activities.attempts.attempt_sink import AttemptRecord
from ledger.database import open_ledger
from ledger.feed.batch_writer import BatchWriter
from ledger.feed.change_buffer import Taken
from ledger.feed.pending_order import PendingOrder
from ledger.reconciliation.repairs import write_record
from ledger.schema.tables import metadata
from ledger.writing.memory import WriterMemory
from tests.support.ledger.databases import new_postgresql_ledger
from tests.support.ledger.query_plans import query_plan, sent_statements
from tests.support.ledger.simulated_orders import SimulatedOrder
from tests.support.servers.postgres import PostgresServer

SMALL = {"catalogue_versions", "state_counts"}
"""Tables that have few rows however many orders there are."""
LARGE = "|".join(sorted({table.name for table in metadata.sorted_tables} - SMALL))


def nothing(_: Connection) -> None:
    """A report that is not written."""


def test_no_statement_of_a_writer_reads_a_whole_table(ledger_database: Engine) -> None:
    writer = BatchWriter(ledger_database, "7@worker-1", WriterMemory())
    now = datetime.now(UTC)
    attempt = AttemptRecord("HS-1", "a@1", "HS-1/a@1/do/1/tok", 1, now, now, "shop", succeeded=True)
    first, again = SimulatedOrder("HS-1", "first"), SimulatedOrder("HS-1", "second")
    with sent_statements(ledger_database) as sent:
        for order in (first, again):
            for change in order.whole_life():
                writer.write(Taken([PendingOrder.of(change, now.timestamp())], [attempt]), nothing)
        writer.write(Taken([PendingOrder.of(again.complete(), now.timestamp())]), nothing)
    plans = {statement: query_plan(ledger_database, statement, parameters) for statement, parameters in sent}
    assert len(plans) > 10
    whole = rf"(SCAN|Seq Scan) ({LARGE})\b(?! USING)"
    assert {statement: plan for statement, plan in plans.items() if any(re.match(whole, step) for step in plan)} == {}


def test_postgresql_does_not_read_whole_tables_because_they_are_small_at_first(postgres_server: PostgresServer) -> None:
    """It would keep the plans, and not notice that the tables grow."""
    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url)
        writer = BatchWriter(engine, "7@worker-1", WriterMemory())
        before = _whole_reads(engine)
        for number in range(10):
            order = SimulatedOrder(f"HS-{number}")
            for change in order.whole_life():
                writer.write(Taken([PendingOrder.of(change, 0.0)]), nothing)
            write_record(engine, order.complete(), None, is_closed=True)
        generic, custom = _plans(engine)
        assert generic > 100
        assert custom == 0, "no statement is planned again for each list of keys"
        assert _whole_reads(engine) == before
        engine.dispose()


def test_the_text_of_a_statement_does_not_depend_on_how_many_orders_are_written(ledger_database: Engine) -> None:
    """Each text is prepared by SQLAlchemy and by the database."""

    def texts(first: int, last: int) -> set[str]:
        pending = []
        for number in range(first, last):
            change = SimulatedOrder(f"HS-{number}").complete()
            change = replace(change, order=replace(change.order, catalogue_version=f"sha256:{number:064}"))
            pending.append(PendingOrder.of(change, 0.0))
        with sent_statements(ledger_database) as sent:
            BatchWriter(ledger_database, "7@worker-1", WriterMemory()).write(Taken(pending), nothing)
        return {statement for statement, _ in sent}

    assert texts(0, 2) == texts(2, 7)


def _plans(engine: Engine) -> tuple[int, int]:
    """How often prepared statements ran with the plan that they keep, and with one that was made for the occasion."""
    with engine.begin() as connection:
        query = text("SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements")
        generic, custom = connection.execute(query).one()
        return int(generic or 0), int(custom or 0)


def _whole_reads(engine: Engine) -> dict[str, int]:
    """Table → how often it was read as a whole, of those that grow with the orders."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT relname, seq_scan FROM pg_stat_user_tables"))
        return {table: scans for table, scans in rows if re.fullmatch(LARGE, table)}
