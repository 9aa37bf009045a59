"""What the line below a worklist counts."""

from __future__ import annotations

import pytest

from operations.reading.worklists import StepWorklist
from tests.support.order_views import step_view
from views.order.list_tables import worklist_total
from workflows.contract.states import StepState
from workflows.contract.worklists import WorklistItem

STEP = step_view(1, "a.x@1", StepState.IN_PROGRESS, kind="manual")


@pytest.mark.parametrize(
    ("orders", "cursor", "count", "expected"),
    [
        (["A"], None, 1, "1 task of 1 order."),
        (["A", "A", "B"], None, 2, "3 tasks of 2 orders."),
        (
            ["A", "B"],
            "XYZ",
            614,
            "2 tasks of 2 orders. Up to 612 more orders may have some. The next page: --cursor XYZ",
        ),
    ],
)
def test_line_below_says_what_is_left_out(orders: list[str], cursor: str | None, count: int, expected: str) -> None:
    items = [WorklistItem(order_id, None, [], STEP) for order_id in orders]
    assert worklist_total(StepWorklist(items, [], cursor, count), "task") == expected
