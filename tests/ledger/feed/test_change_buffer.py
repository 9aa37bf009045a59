"""The buffer of what is not written: bounded, merged, and never in the way."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from activities.attempts.attempt_sink import AttemptRecord
from ledger.feed.change_buffer import DROPPED, MISSED, ChangeBuffer
from tests.support.ledger.simulated_orders import EPOCH, SimulatedOrder


def _orders(count: int) -> list[SimulatedOrder]:
    return [SimulatedOrder(f"HS-{number}") for number in range(count)]


def _key(order: SimulatedOrder) -> tuple[str, str]:
    return order.order_id, order.submission


def _attempt(number: int) -> AttemptRecord:
    at = EPOCH + timedelta(seconds=number)
    return AttemptRecord("HS-1", "a@1", "HS-1/a@1/do/1/token", number, at, at, "inventory", succeeded=True)


def test_changes_of_an_order_are_taken_as_one() -> None:
    buffer, order = ChangeBuffer(), SimulatedOrder("HS-1")
    for change in order.whole_life():
        buffer.offer(change)
    taken = buffer.take(1_000)
    assert [pending.merged().position for pending in taken.orders] == [order.position]
    assert taken.orders[0].merged().is_complete
    assert not buffer.take(1_000)


def test_a_batch_has_about_so_many_rows_and_the_oldest_first() -> None:
    buffer = ChangeBuffer()
    for order in _orders(10):
        buffer.offer(order.complete())
    assert [pending.change.order_id for pending in buffer.take(30).orders] == ["HS-0", "HS-1", "HS-2"]
    assert len(buffer) == 7


def test_what_could_not_be_written_comes_before_what_came_since() -> None:
    buffer, (first, second) = ChangeBuffer(), _orders(2)
    buffer.offer(first.complete())
    buffer.offer_attempt(_attempt(1))
    taken = buffer.take(1_000)
    buffer.offer(second.complete())
    buffer.offer(first.begin(1))
    buffer.offer_attempt(_attempt(2))
    buffer.restore(taken)
    again = buffer.take(1_000)
    assert [(each.change.order_id, each.merged().is_complete) for each in again.orders] == [
        ("HS-0", True),
        ("HS-1", True),
    ]
    assert again.orders[0].merged().position == first.position
    assert [attempt.number for attempt in again.attempts] == [1, 2]


def test_a_change_that_was_lost_on_the_way_is_a_gap() -> None:
    buffer, order = ChangeBuffer(), SimulatedOrder("HS-1")
    buffer.offer(order.complete())
    order.begin(1)
    buffer.offer(order.succeed(1))
    assert buffer.wants_complete(_key(order))
    taken = buffer.take(1_000)
    assert taken.gaps == {_key(order): MISSED}
    buffer.offer(order.begin(2))
    assert not buffer.take(1_000).orders
    buffer.offer(order.complete())
    assert not buffer.wants_complete(_key(order))
    assert len(buffer.take(1_000).orders) == 1


def test_a_full_buffer_drops_whole_orders_that_still_run() -> None:
    orders = _orders(10)
    one = ChangeBuffer()
    one.offer(orders[0].complete())
    buffer = ChangeBuffer(max_bytes=4 * one.take(1).orders[0].size)
    orders[1].end()
    for order in orders:
        buffer.offer(order.complete())
    kept: list[SimulatedOrder] = []
    dropped: list[SimulatedOrder] = []
    for order in orders:
        (dropped if buffer.wants_complete(_key(order)) else kept).append(order)
    assert orders[1] in kept
    assert buffer.dropped_orders == len(dropped)
    taken = buffer.take(1_000)
    assert {pending.change.order_id for pending in taken.orders} == {order.order_id for order in kept}
    assert taken.gaps == {_key(order): DROPPED for order in dropped}


def test_nothing_is_asked_for_while_there_is_no_room() -> None:
    one, (lost, *others) = ChangeBuffer(), _orders(3)
    one.offer(lost.complete())
    buffer = ChangeBuffer(max_bytes=one.take(1).orders[0].size * 22 // 10)
    buffer.ask_for_complete([lost.complete()])
    assert buffer.wants_complete(_key(lost))
    for order in others:
        buffer.offer(order.complete())
    assert len(buffer) == 2
    assert not buffer.wants_complete(_key(lost))
    buffer.take(1_000)
    assert buffer.wants_complete(_key(lost))


def test_nothing_is_taken_of_a_refused_order_for_a_while() -> None:
    buffer, order = ChangeBuffer(), SimulatedOrder("HS-1")
    buffer.refuse([_key(order)], seconds=60)
    assert not buffer.wants_complete(_key(order))
    buffer.offer(order.complete())
    assert not buffer.take(1_000)
    buffer.refuse([_key(order)], seconds=0)
    assert buffer.wants_complete(_key(order))
    buffer.offer(order.complete())
    assert len(buffer.take(1_000).orders) == 1


def test_an_attempt_that_comes_while_others_are_taken_is_not_left_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = ChangeBuffer()
    offering = threading.Thread(target=buffer.offer_attempt, args=[_attempt(1)])

    class ClearedLate(threading.Event):
        def clear(self) -> None:
            offering.start()
            offering.join(0.2)  # as far as it gets
            super().clear()

    monkeypatch.setattr(buffer, "_filled", ClearedLate())
    buffer.take(1_000)
    offering.join()
    assert buffer.has_any()
    assert buffer.wait(0)


def test_a_change_is_as_old_as_it_waits() -> None:
    buffer = ChangeBuffer()
    assert buffer.oldest_unwritten_at() is None
    began = time.time()
    for order in _orders(2):
        buffer.offer(order.complete())
    oldest = buffer.oldest_unwritten_at()
    assert oldest is not None
    assert began <= oldest <= time.time()
