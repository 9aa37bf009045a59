from __future__ import annotations

import pytest

from ledger.feed.pending_order import OrderKey
from ledger.feed.write_pace import WritePace


def _keys(count: int, *, first: int = 0) -> list[OrderKey]:
    return [(f"HS-{number}", "first-run") for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("orders", "seconds"), [(0, 0.25), (1, 0.25), (31, 0.25), (50, 0.4), (90, 0.72), (101, 0.8), (5_000, 0.8)]
)
def test_the_more_orders_are_active_the_longer_the_next_transaction_waits(orders: int, seconds: float) -> None:
    assert WritePace().next_interval(_keys(orders), 0.0, has_more=False) == pytest.approx(seconds)


def test_orders_of_several_short_transactions_count_together() -> None:
    pace = WritePace()
    found = [pace.next_interval(_keys(30, first=30 * turn), 0.25 * turn, has_more=False) for turn in range(4)]
    assert found == pytest.approx([0.25, 0.48, 0.72, 0.8])


def test_an_order_that_changes_again_counts_once_and_stays_active() -> None:
    pace = WritePace()
    pace.next_interval(_keys(60), 0.0, has_more=False)
    assert pace.next_interval(_keys(60), 1.5, has_more=False) == pytest.approx(0.48)
    assert pace.next_interval([], 3.4, has_more=False) == pytest.approx(0.48)


def test_an_order_that_has_not_changed_for_two_seconds_is_not_active() -> None:
    pace = WritePace()
    pace.next_interval(_keys(40), 0.0, has_more=False)
    assert pace.next_interval(_keys(50, first=100), 1.9, has_more=False) == pytest.approx(0.72)
    assert pace.next_interval([], 2.1, has_more=False) == pytest.approx(0.4)
    assert pace.next_interval([], 10.0, has_more=False) == pytest.approx(0.25)


def test_while_more_orders_wait_the_next_transaction_comes_soon() -> None:
    pace = WritePace()
    assert pace.next_interval(_keys(500), 0.0, has_more=True) == pytest.approx(0.25)
    assert pace.next_interval(_keys(500), 0.25, has_more=False) == pytest.approx(0.8)
