from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from views.order.order_page import history_table
from workflows.contract.order_views import HistoryEntry

AT = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def what(text: str, data: Any) -> str:
    table = history_table([HistoryEntry(at=AT, what=text, by="ann", data=data)])
    return str(table.rows[0][1])


def test_what_a_person_entered_shows_beside_what_was_done() -> None:
    assert what("completed", {"serial": "S-1", "floor": 2}) == "completed: serial=S-1 floor=2"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("retried with sku=X-2", {"sku": "X-2"}),
        ("extended by 2d", {"by": "2d"}),
        ("assigned to eva", {"to": "eva"}),
        ("held order", None),
    ],
)
def test_what_the_text_says_already_is_not_repeated(text: str, data: Any) -> None:
    assert what(text, data) == text
