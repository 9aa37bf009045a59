"""An order as YAML: what it says is read as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.orders.reader import read_orders
from views.order.order_file import order_yaml

TRICKY = [
    "1e3",
    "0o17",
    "0x1F",
    "yes",
    "null",
    "~",
    "",
    "12:30",
    "2026-12-01",
    "01067",
    "a: b",
    "# no",
    "- x",
    "  ",
    "é\n\tü",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"])) | st.sampled_from(TRICKY)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def read(text: str) -> dict[str, Any]:
    (order,) = read_orders(text, "order.yaml")
    return order


@pytest.mark.parametrize("text", TRICKY)
def test_text_stays_text(text: str) -> None:
    order = {"id": text or "x", "customer": {"name": text}, "lines": [{"id": "1", "attributes": {"note": text}}]}
    assert read(order_yaml(order)) == order


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3))
def test_every_value_comes_back(attributes: dict[str, Any]) -> None:
    order = {"id": "HS-1", "lines": [{"id": "1", "product": "p", "attributes": attributes}]}
    assert read(order_yaml(order)) == order


def test_keys_keep_their_order_and_texts_their_accents() -> None:
    order = {"id": "HS-1", "customer": {"name": "Émile Müller"}, "lines": [{"product": "p", "id": "1"}]}
    assert order_yaml(order) == "id: HS-1\ncustomer:\n  name: Émile Müller\nlines:\n- product: p\n  id: '1'\n"
