"""`--with NAME=VALUE[,VALUE…]` as names and values, and as overrides of an order."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.framework.errors import UsageError
from cli.user_input.overrides import parse_with, to_overrides
from compiler.catalogue.catalogue import Catalogue
from compiler.language.order_overrides import OrderOverrides
from tests.support.compiler.plan_sketch import catalogue_of

OFFER = """
kind: commercial_product
id: offer
attributes:
  n: {type: integer}
  text: {type: string}
  day: {type: date}
  list: {type: list}
steps: {go: {milestone: true}}
"""
ORDER = {"id": "X", "lines": [{"id": "1", "product": "offer"}]}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("with"), OFFER)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("n=4", (4,)),
        ("n=1,2", (1, 2)),
        ("n=", (None,)),
        ("n=1,", (1, None)),
        ("text=01", ("01",)),
        ("text=a, b", ("a", "b")),
        ('text="a, b",c', ("a, b", "c")),
        ('text="open', ('"open',)),
        ("lines.1.attributes.text=7", ("7",)),
        ("lines.1.quantity=7", (7,)),
        ("day=2026-12-01", ("2026-12-01",)),
        ("list=[1,2]", ([1, 2],)),
        ("list=x,y", ("x,y",)),
        ("order.priority=1,5", (1, 5)),
        ("unknown=true,no", (True, "no")),
    ],
)
def test_values_have_the_declared_types(catalogue: Catalogue, text: str, values: tuple[Any, ...]) -> None:
    (choice,) = parse_with([text], [ORDER], catalogue)
    assert choice.name == text.split("=")[0]
    assert choice.values == values


def test_names_say_where_the_value_goes() -> None:
    overrides = to_overrides(
        {"n": 4, "lines.1.2.quantity": 3, "lines.1.2.attributes.n": None, "lines.a.previous.attributes.n": 1}
        | {"order.priority": 2, "order.customer": None}
    )
    assert overrides == OrderOverrides(
        attributes={"n": 4},
        lines={"1.2": {"quantity": 3, "attributes": {"n": None}}, "a": {"previous": {"attributes": {"n": 1}}}},
        priority=2,
        customer=None,
    )
    assert overrides.order_keys == {"priority": 2, "customer": None}


WHOLE_AND_PART = ["lines.1.attributes", "lines.1.attributes.n"]


@pytest.mark.parametrize("names", [WHOLE_AND_PART, WHOLE_AND_PART[::-1]])
def test_a_name_that_is_a_part_of_another_is_refused(names: list[str]) -> None:
    with pytest.raises(UsageError, match="another --with replaces"):
        to_overrides(dict.fromkeys(names, 5))


NAMES = st.sampled_from(["n", "text", "list", "lines.1.attributes", "lines.1.quantity", "order.id"]) | st.text(
    max_size=9
)


@given(st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=3))
@example([("lines.1.attributes", "5"), ("lines.1.attributes.n", "4")])
@example([("text", '"'), ("n", "{")])
def test_any_text_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    catalogue = Catalogue("sha256:0", {}, {}, {}, {}, {})
    read = None
    with contextlib.suppress(UsageError):
        choices = parse_with([f"{name}={value}" for name, value in pairs], [ORDER], catalogue)
        read = to_overrides({choice.name: choice.values[0] for choice in choices})
    assert read is None or isinstance(read, OrderOverrides)
