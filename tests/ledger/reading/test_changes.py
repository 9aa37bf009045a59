"""What followers ask the ledger: which orders and steps have changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.reading.changes import WatchedOrder
from ledger.reading.ledger_reader import LedgerReader
from ledger.writing.apply_changes import apply_changes
from ledger.writing.interruptions import mark_interrupted
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_views import Interruption, InterruptionKind

START = datetime.now(UTC) - timedelta(hours=1)
LONG_AGO = START - timedelta(days=1)


def write(engine: Engine, *changes: OrderChange) -> None:
    with write_transaction(engine) as connection:
        assert not apply_changes(connection, changes)


def watched(reader: LedgerReader, order: SimulatedOrder) -> WatchedOrder:
    return reader.read_pulse([order.order_id]).watched[order.order_id]


def test_the_pulse_shows_how_each_watched_order_stands(ledger_database: Engine) -> None:
    reader = LedgerReader(ledger_database)
    first, other = SimulatedOrder("ORD-1", started_at=START), SimulatedOrder("ORD-2", started_at=START)
    write(ledger_database, first.complete(), other.complete())
    before = reader.read_pulse(["ORD-1", "ORD-2", "ORD-3"]).watched
    assert set(before) == {"ORD-1", "ORD-2"}
    write(ledger_database, first.begin(1))
    after = reader.read_pulse(["ORD-1", "ORD-2"]).watched
    assert after["ORD-1"] != before["ORD-1"]
    assert after["ORD-2"] == before["ORD-2"]
    assert after["ORD-1"].event_id > before["ORD-1"].event_id
    assert after["ORD-1"].started_at == START


def test_only_steps_that_show_something_else_have_another_version(ledger_database: Engine) -> None:
    reader = LedgerReader(ledger_database)
    order = SimulatedOrder("ORD-1", step_count=30, started_at=START)
    write(ledger_database, order.complete())
    key = watched(reader, order).key
    versions = reader.read_step_versions(key)
    assert list(versions) == list(range(1, 31))
    assert reader.read_step_versions(key) == versions
    for take_turn, changed in ((order.begin, 1), (order.succeed, 1), (order.fail, 4)):
        write(ledger_database, take_turn(changed))
        later = reader.read_step_versions(key)
        assert [number for number, version in later.items() if versions[number] != version] == [changed]
        versions = later
    assert [step.number for step in reader.read_some_steps(key, numbers=[4, 1])] == [1, 4]
    (found,) = reader.read_some_steps(key, ids=[order.steps[4].id])
    assert found.error == order.steps[4].error


def test_changed_orders_are_those_with_a_later_change(ledger_database: Engine) -> None:
    reader = LedgerReader(ledger_database)
    orders = [SimulatedOrder(f"ORD-{number}", started_at=START + timedelta(minutes=number)) for number in range(4)]
    write(ledger_database, *(order.complete() for order in orders))
    found = reader.read_changed_orders(LONG_AGO, 10)
    assert [order.order_id for order in found.orders] == ["ORD-0", "ORD-1", "ORD-2", "ORD-3"]
    assert found.newest == found.orders[-1].key
    assert found.counts == {"in_progress": 4}
    since = orders[3].now
    assert reader.read_changed_orders(since, 10).orders == []
    write(ledger_database, orders[1].begin(1))
    while orders[0].now <= since:
        write(ledger_database, orders[0].begin(1))
    assert [order.order_id for order in reader.read_changed_orders(since, 10).orders] == ["ORD-0"]
    assert len(reader.read_changed_orders(LONG_AGO, 2).orders) == 2


def test_an_order_that_was_ended_from_outside_is_found_although_it_told_nothing(ledger_database: Engine) -> None:
    reader = LedgerReader(ledger_database)
    order = SimulatedOrder("ORD-1", started_at=START)
    write(ledger_database, order.complete())
    row, ended_at = watched(reader, order), START + timedelta(minutes=30)
    with write_transaction(ledger_database) as connection:
        interruption = Interruption(kind=InterruptionKind.TERMINATED, at=ended_at, by="ann")
        assert mark_interrupted(connection, order.order_id, order.submission, interruption)
    (found,) = reader.read_changed_orders(ended_at + timedelta(minutes=1), 10).orders
    assert (found.state, found.ended_at) == ("failed", ended_at)
    assert found != row


def test_open_work_is_listed_and_counted_by_queue(ledger_database: Engine) -> None:
    reader = LedgerReader(ledger_database)
    order = SimulatedOrder("ORD-1", step_count=6, started_at=START)
    write(ledger_database, order.complete())
    for turn in (order.begin(1), order.begin(3), order.begin(6), order.fail(1)):
        write(ledger_database, turn)
    work, counts = reader.read_open_work(10)
    assert {(each.kind, each.order_id, each.step, each.queue) for each in work} == {
        ("task", "ORD-1", 3, "field_ops"),
        ("task", "ORD-1", 6, "field_ops"),
        ("fallout", "ORD-1", 1, None),
    }
    (fallout,) = (each for each in work if each.kind == "fallout")
    assert fallout.code == order.steps[1].error.code  # type: ignore[union-attr]
    assert counts == {("task", "field_ops"): 2, ("fallout", None): 1}
    assert len(reader.read_open_work(2)[0]) == 2
