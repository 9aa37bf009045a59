"""Conditions are evaluated with what is known; the rest is named."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.cel.known_condition import known_condition, read_values, split_condition

BINDINGS: dict[str, Any] = {
    "attributes": {"a": 1, "name": "hub", "sizes": [1, 2]},
    "quantity": 2,
    "lines": [{"quantity": 3}, {"quantity": 4}],
}


@pytest.mark.parametrize(
    ("condition", "value", "values"),
    [
        ("attributes.a > 0", True, ["attributes.a = 1"]),
        ("attributes.a > 1 && quantity == 2", False, ["attributes.a = 1"]),
        ("attributes.a == 1 || quantity == 9", True, ["attributes.a = 1"]),
        ("attributes.a > 1 || quantity > 2", False, ["attributes.a = 1", "quantity = 2"]),
        ('attributes.name == "hub" && quantity == 2', True, ['attributes.name = "hub"', "quantity = 2"]),
        ("has(attributes.b)", False, ["attributes.b is not given"]),
        ("lines.exists(l, l.quantity > 3)", True, ["lines[].quantity = [3, 4]"]),
        ("attributes.sizes.all(s, s > 0)", True, ["attributes.sizes = [1, 2]"]),
        ("true", True, []),
    ],
)
def test_known_values_decide(condition: str, value: bool, values: list[str]) -> None:
    known = known_condition(condition, BINDINGS)
    assert known.value is value
    assert [str(one) for one in known.values] == values
    assert known.later_names == ()


def test_a_part_that_is_known_can_decide_whatever_comes_later() -> None:
    refused = known_condition("attributes.a > 1 && steps.book.output.ok", BINDINGS)
    assert refused.value is False
    assert [str(one) for one in refused.values] == ["attributes.a = 1"]
    assert known_condition("steps.book.output.ok || quantity == 2", BINDINGS).value is True


def test_names_without_a_value_yet_are_named() -> None:
    known = known_condition("attributes.a == 1 && size(workstreams.hub.reserve.outputs) > 0", BINDINGS)
    assert known.value is None
    assert known.later_names == ("workstreams.hub.reserve.outputs",)
    assert known.decided_parts == (("attributes.a == 1", True),)
    assert [str(one) for one in known.values] == ["attributes.a = 1"]


@pytest.mark.parametrize(
    ("condition", "operator", "parts"),
    [
        ("a && b && c", "&&", ("a", "b", "c")),
        ("(a || b) && c", "&&", ("(a || b)", "c")),
        ("((a || b))", "||", ("a", "b")),
        ("(a) || (b)", "||", ("(a)", "(b)")),
        ('name == "x && y"', "", ()),
        ("!(a && b)", "", ()),
        ("a &&", "", ()),
    ],
)
def test_split_at_the_outermost_operator(condition: str, operator: str, parts: tuple[str, ...]) -> None:
    assert split_condition(condition) == (operator, parts)


def test_long_lists_and_texts_are_shortened() -> None:
    bindings = {"attributes": {"list": [*range(9)], "text": "x" * 99}}
    shown = [str(one) for one in read_values("attributes.list == [] || attributes.text == ''", bindings)]
    assert shown == ["attributes.list = [0, 1, 2, 3, 4, … 9 in all]", f'attributes.text = "{"x" * 57}…"']
