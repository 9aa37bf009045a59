"""The list of orders on screens of several widths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.views.test_table import lines
from views.order.list_tables import orders_table
from workflows.contract.order_summary import OrderSummary
from workflows.contract.states import Jeopardy, OrderState

AT = datetime(2026, 11, 26, 17, tzinfo=UTC)
ORDERS = [
    OrderSummary(
        order_id=f"HS-900{number}",
        workflow_id=f"order-HS-900{number}",
        run_id="r",
        state=OrderState.IN_PROGRESS,
        jeopardy=Jeopardy.LATE,
        fallout=1,
        open_tasks=1,
        customer_id="C-42",
        customer_name="Anna Elisabeth Smith",
        products=["home_security", "broadband_fibre"],
        catalogue_version=None,
        requested_completion=AT + timedelta(days=5),
        started_at=AT,
        ended_at=None,
    )
    for number in range(2)
]


@pytest.mark.parametrize("width", [80, 100])
def test_an_order_takes_one_line_with_the_column_of_its_sort(width: int) -> None:
    shown = lines(orders_table(ORDERS, shows_requested=True, keeps=("Requested",)), width)
    rows = [line for line in shown if line.startswith("HS-900")]
    assert all("2026-12-01 17:00  home_security" in row for row in rows)
    after_rows = shown[shown.index(rows[-1]) + 1 :]
    assert after_rows[-1].startswith("Left out on this narrow screen: ")
    assert len(shown) <= (6 if width == 80 else 4)


def test_a_wide_screen_shows_the_name_of_the_customer() -> None:
    heading, row, _ = lines(orders_table(ORDERS), 160)
    assert "Customer  Name" in heading
    assert "C-42      Anna Elisabeth Smith" in row
