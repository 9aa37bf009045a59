"""What a rejected order tells the ledger, whatever was submitted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workflows.contract.order_changes import ChangePosition
from workflows.core.change_records.order_change import ChangeHeader
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.change_records.undecided_order import Rejection, undecided_change

BEGUN = datetime(2026, 12, 1, 8, tzinfo=UTC)
HEADER = ChangeHeader("HS-1", "first-run", "first-run", ChangePosition(BEGUN.timestamp(), 3, BEGUN.timestamp()))


@pytest.mark.parametrize("submitted", [0, 6, 100_000, 2**64, -1, True, "2", 2.0, None, []])
def test_a_priority_that_is_none_is_told_as_the_usual_one(submitted: Any) -> None:
    told = told_priority(submitted)
    assert (told, type(told)) == (3, int)


@pytest.mark.parametrize("submitted", [1, 2, 5])
def test_a_priority_is_told(submitted: int) -> None:
    assert told_priority(submitted) == submitted


def told_priority(submitted: Any) -> int:
    order = SubmittedOrder({"id": "HS-1", "priority": submitted, "lines": []})
    return undecided_change(order, Rejection(BEGUN.timestamp()), BEGUN, HEADER).order.priority
