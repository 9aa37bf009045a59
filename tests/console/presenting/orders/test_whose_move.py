from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.presenting.orders.list_page import column_heads, order_rows
from console.presenting.orders.order_query import parse_order_query
from console.presenting.orders.whose_move import whose_move
from ledger.reading.order_lists.row_details import RowDetails
from operations.reading.list_orders import OrderPage
from workflows.contract.order_summary import OrderSummary
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import Jeopardy, OrderState

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def summary(**changes: Any) -> OrderSummary:
    values: dict[str, Any] = {
        "order_id": "HS-1",
        "workflow_id": "order/HS-1",
        "run_id": "r",
        "state": OrderState.IN_PROGRESS,
        "jeopardy": Jeopardy.ON_TRACK,
        "fallout": 0,
        "open_tasks": 0,
        "customer_id": "C-1",
        "products": ["home_security", "app"],
        "catalogue_version": None,
        "requested_completion": NOW + 2 * HOUR,
        "started_at": NOW,
        "ended_at": None,
    }
    return OrderSummary(**values | changes)


def details(**changes: Any) -> RowDetails:
    values: dict[str, Any] = {"forecast": NOW + HOUR, "product_names": {}, "actors": (), "held_by": ()}
    return RowDetails(**values | changes)


@pytest.mark.parametrize(
    ("order", "known", "text", "is_for_people"),
    [
        ({}, {}, "goes on by itself", False),
        ({}, {"actors": ("carrier_desk",)}, "carrier_desk", True),
        ({}, {"actors": (None,)}, "a person", True),
        ({}, {"actors": ("a", None, "b", "c")}, "a, a person +2", True),
        ({}, {"actors": ("ann",), "held_by": ("ann",)}, "ann", True),
        ({"state": OrderState.HELD}, {"actors": ("desk",), "held_by": ("ann",)}, "ann, desk", True),
        ({"ended_at": NOW, "state": OrderState.COMPLETED}, {}, "", False),
        ({"ended_at": NOW, "interrupted": InterruptionKind.TERMINATED}, {}, "a person", True),
        ({}, None, "", False),
    ],
)
def test_a_row_says_who_has_to_act(
    order: dict[str, Any], known: dict[str, Any] | None, text: str, is_for_people: bool
) -> None:
    move = whose_move(summary(**order), None if known is None else details(**known))
    assert (move.text, move.is_for_people) == (text, is_for_people)


def test_a_row_has_names_of_products_and_the_expected_end() -> None:
    page = OrderPage([summary()], None)
    known = {"HS-1": details(product_names={"home_security": "Home Security"}, forecast=NOW + 3 * HOUR)}
    row = order_rows(page, known, NOW)[0]
    assert row.products == ["Home Security", "app"]
    assert (row.expected, row.is_too_late) == (NOW + 3 * HOUR, True)
    assert not order_rows(page, {"HS-1": details()}, NOW)[0].is_too_late
    passed = order_rows(page, {"HS-1": details()}, NOW + 3 * HOUR)[0]
    assert (passed.is_passed, passed.is_too_late, row.is_passed) == (True, True, False)
    ended = order_rows(OrderPage([summary(ended_at=NOW)], None), known, NOW)[0]
    assert (ended.expected, ended.is_too_late) == (None, False)
    unknown = order_rows(page, {}, NOW)[0]
    assert (unknown.expected, unknown.products) == (None, ["home_security", "app"])


def test_without_a_ledger_the_list_has_no_columns_for_what_nobody_knows() -> None:
    query = parse_order_query([], NOW)
    with_ledger = [head.label for head in column_heads(query, has_ledger=True)]
    without = [head.label for head in column_heads(query, has_ledger=False)]
    assert with_ledger[5] == "Whose move"
    assert with_ledger[-1] == "Expected / ended"
    assert without == [label for label in with_ledger[:-1] if label != "Whose move"] + ["Ended"]
    assert all(head.address is None for head in column_heads(query, has_ledger=False))
