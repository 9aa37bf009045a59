"""Variants of an order: all combinations, or each pair of values."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.orders.variants import MAX_COMBINATIONS, Choice, combine, enumerable_attributes
from tests.support.compiler.plan_sketch import catalogue_of

OFFERS = """
kind: commercial_product
id: alarm
attributes:
  model: {type: string, enum: [indoor, outdoor]}
  install: {type: boolean}
  cameras: {type: integer}
  fixed: {type: string, enum: [one]}
steps: {go: {milestone: true, actions: [add, modify, delete]}}
---
kind: commercial_product
id: router
attributes: {model: {type: string, enum: [outdoor, rack]}}
steps: {go: {milestone: true, actions: [add, modify, delete]}}
"""


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_each_pair_of_values_is_in_a_variant(sizes: list[int]) -> None:
    choices = [Choice(f"n{at}", tuple(range(size))) for at, size in enumerate(sizes)]
    found = combine(choices)
    for one, other in combinations(choices, 2):
        pairs = {(variant[one.name], variant[other.name]) for variant in found.values}
        assert pairs == set(product(one.values, other.values))
    assert found.is_complete == (len(found.values) == found.total)
    assert found.total <= MAX_COMBINATIONS or len(found.values) < found.total
    assert combine(choices) == found


def test_few_combinations_are_all_there_in_the_order_of_the_names() -> None:
    found = combine([Choice("a", (1, 2)), Choice("b", (True, False))])
    assert found.values == (
        {"a": 1, "b": True},
        {"a": 1, "b": False},
        {"a": 2, "b": True},
        {"a": 2, "b": False},
    )
    assert found.is_complete


@pytest.mark.parametrize(
    ("lines", "choices"),
    [
        (
            [{"product": "alarm"}],
            [Choice("install", (False, True)), Choice("model", ("indoor", "outdoor"))],
        ),
        (
            [{"product": "alarm", "lines": [{"product": "router"}]}],
            [Choice("install", (False, True)), Choice("model", ("indoor", "outdoor", "rack"))],
        ),
        ([{"product": "router", "action": "delete"}], []),
        ([{"product": "router", "action": ["add"]}], []),
        ([{"product": "no_such"}, 7], []),
        (None, []),
    ],
)
def test_enums_and_booleans_of_the_lines_products(tmp_path: Path, lines: object, choices: list[Choice]) -> None:
    assert enumerable_attributes({"lines": lines}, catalogue_of(tmp_path, OFFERS)) == choices
