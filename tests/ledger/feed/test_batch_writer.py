"""Rows that the database refuses, and other writers that are in the way, hold up no other order."""

from __future__ import annotations

import random
import string
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlalchemy import Connection, Engine, select, text, update
from structlog.testing import capture_logs

from activities.attempts.attempt_sink import AttemptRecord
from ledger.database import open_ledger, write_transaction
from ledger.feed.batch_writer import BatchWriter, Written
from ledger.feed.change_buffer import DROPPED, Taken
from ledger.feed.pending_order import PendingOrder
from ledger.schema.tables import gaps, orders
from ledger.writing.apply_changes import apply_changes
from ledger.writing.memory import WriterMemory
from tests.support.ledger.contents import count, read_rows
from tests.support.ledger.databases import new_postgresql_ledger
from tests.support.ledger.running_feed import WORKER, feeding, has_written, wait_until
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder
from tests.support.servers.postgres import PostgresServer


def test_an_order_that_the_database_refuses_holds_up_no_other(ledger_database: Engine) -> None:
    """No number of a step is that large."""
    poison = SimulatedOrder("HS-POISON", step_count=2)
    poison.steps[2] = replace(poison.steps[2], attempts=2**70)
    with capture_logs() as logs, feeding(ledger_database) as feed:
        for number in range(20):
            feed.offer(SimulatedOrder(f"HS-{number}").complete())
            if number == 10:
                feed.offer(poison.complete())
        wait_until(has_written(feed, 21))
        assert not feed.wants_complete("HS-POISON", "first-run")
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 20
        gap = connection.execute(select(gaps)).one()
    assert (gap.order_id, gap.reason) == ("HS-POISON", "refused")
    assert gap.error
    errors = [line for line in logs if line["log_level"] == "error"]
    assert [line["order_id"] for line in errors] == ["HS-POISON"]
    assert "Elm Street" not in str(errors)


def test_gaps_are_noted_beside_an_attempt_that_the_database_refuses(ledger_database: Engine) -> None:
    attempt = AttemptRecord("HS-1", "a@1", "HS-1/a@1/do/1/token", 2**70, EPOCH, EPOCH, None, succeeded=True)
    taken = Taken(attempts=[attempt], gaps={("HS-2", "first-run"): DROPPED})
    BatchWriter(ledger_database, WORKER, WriterMemory()).write(taken, lambda _: None)
    with ledger_database.connect() as connection:
        assert connection.execute(select(gaps.c.order_id, gaps.c.reason)).all() == [("HS-2", DROPPED)]


def test_nothing_is_reported_before_all_parts_of_a_batch_are_written(ledger_database: Engine) -> None:
    poison = SimulatedOrder("HS-0", step_count=1)
    poison.steps[1] = replace(poison.steps[1], attempts=2**70)
    changes = [poison.complete(), *(SimulatedOrder(f"HS-{number}").complete() for number in range(1, 4))]
    taken = Taken(orders=[PendingOrder.of(change, time.time()) for change in changes])
    reported = []
    BatchWriter(ledger_database, WORKER, WriterMemory()).write(
        taken, lambda connection: reported.append(count(connection, orders))
    )
    assert reported == [3]


def test_text_that_a_database_refuses_is_repaired(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1", customer={"id": "C-1", "name": "half \ud83d and \0"})
    with feeding(ledger_database) as feed:
        feed.offer(order.complete())
        feed.offer(SimulatedOrder("HS-2").complete())
        wait_until(has_written(feed, 2))
    with ledger_database.connect() as connection:
        assert count(connection, orders) == 2
        assert count(connection, gaps) == 0


def test_an_id_that_no_index_takes_is_cut(ledger_database: Engine) -> None:
    random_id = "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
    order = SimulatedOrder("HS-1", customer={"id": random_id, "name": "x"})
    with feeding(ledger_database) as feed:
        feed.offer(order.complete())
        wait_until(has_written(feed, 1))
    with ledger_database.connect() as connection:
        stored = connection.execute(select(orders.c.customer_id)).scalar_one()
        assert stored is not None
        assert random_id.startswith(stored)
        assert count(connection, gaps) == 0


def test_an_order_that_has_changed_elsewhere_meanwhile_is_not_written_back(ledger_database: Engine) -> None:
    order = SimulatedOrder("HS-1")
    early = order.complete()
    for number in (1, 2):
        order.begin(number)
        order.succeed(number)
    with write_transaction(ledger_database) as connection:
        apply_changes(connection, [order.complete()])
    rows = read_rows(ledger_database)
    with feeding(ledger_database) as feed:
        feed.offer(replace(early, order=replace(early.order, priority=5)))
        wait_until(has_written(feed, 1))
    assert read_rows(ledger_database) == rows


def test_a_deadlock_does_not_count_as_a_database_that_is_away(postgres_server: PostgresServer) -> None:
    first, second = SimulatedOrder("HS-1"), SimulatedOrder("HS-2")

    def write(connection: Connection, order: SimulatedOrder) -> None:
        connection.execute(update(orders).where(orders.c.order_id == order.order_id).values(priority=1))

    with new_postgresql_ledger(postgres_server) as url:
        engine = open_ledger(url.update_query_dict({"options": "-c deadlock_timeout=3s"}))
        with write_transaction(engine) as connection:
            apply_changes(connection, [first.complete(), second.complete()])
        writer = BatchWriter(engine, WORKER, WriterMemory())
        taken = Taken(orders=[PendingOrder.of(order.begin(1), time.time()) for order in (first, second)])
        with ThreadPoolExecutor(1) as pool:
            with engine.begin() as other:
                other.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # the writer looks first, and is given up
                write(other, second)
                written = pool.submit(writer.write, taken, lambda _: None)
                wait_until(lambda: _waits_for_a_lock(engine))
                write(other, first)
            assert written.result(timeout=10) == Written()
        with engine.connect() as connection:
            assert set(connection.execute(select(orders.c.event_id)).scalars()) == {first.position.event_id}
        engine.dispose()


def _waits_for_a_lock(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
