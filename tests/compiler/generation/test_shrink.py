"""An order is made as small as it can be while it still shows what it was found to show."""

from __future__ import annotations

from typing import Any

from compiler.generation.shrink import shrink_order
from compiler.orders.overrides import order_lines

ORDER = {
    "id": "A-1",
    "customer": {"id": "C-1"},
    "lines": [
        {
            "id": "1",
            "product": "offer",
            "action": "add",
            "quantity": 3,
            "attributes": {"size": "m", "rooms": ["a", "b"]},
        },
        {
            "id": "2",
            "product": "offer",
            "action": "delete",
            "relies_on": ["1"],
            "previous": {"attributes": {"size": "l"}},
        },
    ],
}


def test_what_does_not_matter_is_left_out() -> None:
    smallest = shrink_order(ORDER, lambda order: any(line.get("action") == "delete" for line in order_lines(order)))
    assert smallest == {"id": "A-1", "lines": [{"id": "2", "product": "offer", "action": "delete"}]}


def test_what_matters_stays() -> None:
    def shows(order: dict[str, Any]) -> bool:
        return any("b" in line.get("attributes", {}).get("rooms", ()) for line in order_lines(order))

    smallest = shrink_order(ORDER, shows)
    assert smallest == {"id": "A-1", "lines": [{"id": "1", "product": "offer", "attributes": {"rooms": ["b"]}}]}
    assert shows(smallest)


def test_the_order_itself_is_not_changed() -> None:
    before = repr(ORDER)
    shrink_order(ORDER, lambda _: True)
    assert repr(ORDER) == before


def test_child_lines_are_left_out_with_their_parents_kept() -> None:
    order = {"id": "A", "lines": [{"id": "1", "product": "o", "lines": [{"id": "1.1", "product": "p"}]}]}
    assert shrink_order(order, lambda _: True) == {"id": "A", "lines": [{"id": "1", "product": "o"}]}
