"""Orders: how they are read, and what their form must be (docs/language.md, Order)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from tests.support.paths import ROOT
from tests.support.plan_sketch import catalogue_of

OFFER = """
kind: commercial_product
id: offer
attributes: {n: {type: integer, default: 1}}
steps: {go: {milestone: true, actions: [add, modify, delete, no_change]}}
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("orders"), OFFER)


def findings(order: Any, catalogue: Catalogue) -> list[tuple[str, str]]:
    try:
        compile_order(order, catalogue)
    except OrderRejected as rejected:
        return [(finding.code, finding.message) for finding in rejected.findings]
    return []


def codes(order: Any, catalogue: Catalogue) -> list[str]:
    return [code for code, _ in findings(order, catalogue)]


def order(**more: Any) -> dict[str, Any]:
    return {"id": "O-1", "lines": [{"id": "1", "product": "offer"}], **more}


def of_line(**more: Any) -> dict[str, Any]:
    return {"id": "O-1", "lines": [{"id": "1", "product": "offer", **more}]}


def test_an_order_is_read_from_yaml_json_and_json_lines() -> None:
    one, two = order(), order(id="O-2")
    assert read_orders("id: O-1\nlines: [{id: '1', product: offer}]\n", "o.yaml") == [one]
    assert read_orders(json.dumps(one, indent=2), "o.json") == [one]
    assert read_orders(f"{json.dumps(one)}\n\n{json.dumps(two)}\n", "o.jsonl") == [one, two]
    assert [found["id"] for found in read_orders("id: a\n---\nid: b\n", "o.yaml")] == ["a", "b"]


def test_json_may_spell_characters_as_json_does() -> None:
    assert read_orders('{"id": "\\ud83d\\ude00"}', "o.json") == [{"id": "😀"}]


def test_dates_numbers_and_switches_are_read_as_in_definitions() -> None:
    text = "id: O-1\nlines: [{attributes: {day: 2026-12-01, zip: 01067, flag: NO, n: 7}}]"
    (read,) = read_orders(text, "o.yaml")
    assert read["lines"][0]["attributes"] == {"day": "2026-12-01", "zip": "01067", "flag": "NO", "n": 7}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "order-missing"),
        ("# nothing\n", "order-missing"),
        ("- 1\n", "type-wrong"),
        ("id: [", "yaml-syntax"),
        ("id: 1\nid: 2\n", "yaml-duplicate-key"),
        ('{"id": "a", "id": "b"}', "yaml-duplicate-key"),
        ("a\0b", "yaml-encoding"),
        ("[" * 2000, "yaml-depth"),
    ],
)
def test_text_that_holds_no_order_is_told_of(text: str, code: str) -> None:
    with pytest.raises(OrderRejected) as rejected:
        read_orders(text, "o.yaml")
    assert rejected.value.findings[0].code == code


def test_findings_have_the_place_in_the_file(catalogue: Catalogue) -> None:
    text = "id: O-1\nlines:\n  - id: '1'\n    product: offfer\n    quantity: -2\n"
    (read,) = read_orders(text, "orders/o.yaml")
    with pytest.raises(OrderRejected) as rejected:
        compile_order(read, catalogue, "orders/o.yaml")
    assert [str(finding).partition(": ")[0] for finding in rejected.value.findings] == [
        "orders/o.yaml:4:14",
        "orders/o.yaml:5:15",
    ]


def test_findings_of_json_lines_have_the_line_of_their_order(catalogue: Catalogue) -> None:
    text = f"{json.dumps(order())}\n{json.dumps(order(prioritty=1))}\n"
    _, second = read_orders(text, "o.jsonl")
    with pytest.raises(OrderRejected) as rejected:
        compile_order(second, catalogue, "o.jsonl")
    assert rejected.value.findings[0].line == 2


def test_an_order_that_came_as_data_has_line_0(catalogue: Catalogue) -> None:
    with pytest.raises(OrderRejected) as rejected:
        compile_order(order(priority=9), catalogue)
    assert (rejected.value.findings[0].file, rejected.value.findings[0].line) == ("order", 0)


def test_a_sound_order_has_no_finding(catalogue: Catalogue) -> None:
    full = order(
        customer={"id": "C", "name": "N", "tier": "gold"},
        priority=1,
        requested_start="2026-12-01T08:00:00Z",
        requested_completion="2026-12-15",
        characteristics={"x": [1, {"y": None}]},
    )
    assert codes(full, catalogue) == []


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], "x", 1, {"id": "O-1"}, order(id=""), order(id="a b"), order(id="ü"), order(id="x" * 129), order(id=1),
        order(id="O-1\n"), order(customer="C"), order(customer={}), order(customer={"id": 1}), order(priority=0),
        order(priority="1"), order(priority=True), order(priority=1.5), order(requested_start="soon"),
        order(requested_start=7), order(requested_start="0001-01-01T00:00:00+05:00"), order(characteristics=[]),
        order(characteristics={"x": float("nan")}), order(characteristics={"x": 2**70}), order(characteristics={1: 2}),
        order(characteristics={"x": {1, 2}}), order(lines=None), order(lines=[]), order(lines={}), order(lines=[None]),
        order(lines=[1]), of_line(id=1), of_line(id="a b"), of_line(id="x" * 65), of_line(id=None),
        of_line(product=None), of_line(product=3), of_line(product="\ud800"),
        of_line(quantity=0), of_line(quantity=-1), of_line(quantity="2"), of_line(quantity=True),
        of_line(quantity=float("inf")), of_line(quantity=float("nan")), of_line(quantity=10**400),
        of_line(action="remove"), of_line(action=1), of_line(attributes=[]), of_line(attributes={"n": float("inf")}),
        of_line(lines=3), of_line(relies_on=[3]), of_line(relies_on="x"), of_line(external_ids={"a": 1}),
        of_line(requested_completion=[]), of_line(action="modify", previous=3),
        of_line(action="modify", previous={"quantity": -1}), of_line(action="modify", previous={"atributes": {}}),
        of_line(attributes={"n": "\ud800"}), order(characteristics={"x": "\ud800"}),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_finding(wrong: Any, catalogue: Catalogue) -> None:
    assert len(codes(wrong, catalogue)) == 1


def test_an_unknown_key_is_told_with_a_near_one(catalogue: Catalogue) -> None:
    told = [message for _, message in findings(of_line(quantiy=2, id="7"), catalogue)]
    assert told == ["line `7` has an unknown key `quantiy`; did you mean `quantity`?"]


def test_an_action_is_told_with_a_near_one(catalogue: Catalogue) -> None:
    assert "did you mean `delete`?" in findings(of_line(action="delet", previous={}), catalogue)[0][1]


def test_two_lines_of_the_same_id_are_told_wherever_they_stand(catalogue: Catalogue) -> None:
    inner = {"id": "1", "product": "offer"}
    assert codes(of_line(lines=[inner]), catalogue) == ["id-duplicate"]


@pytest.mark.parametrize("action", ["add", "no_change"])
def test_only_modify_and_delete_lines_have_a_previous(action: str, catalogue: Catalogue) -> None:
    assert codes(of_line(action=action, previous={"quantity": 1}), catalogue) == ["previous-misplaced"]
    assert codes(of_line(action="modify", previous={"quantity": 1}), catalogue) == []


def test_a_number_as_an_id_is_to_be_quoted(catalogue: Catalogue) -> None:
    assert "put it in quotes" in findings(of_line(id=1.1), catalogue)[0][1]


def test_lines_within_lines_end_somewhere(catalogue: Catalogue) -> None:
    lines: list[dict[str, Any]] = []
    for depth in range(2000):
        lines = [{"id": f"l{depth}", "product": "offer", "lines": lines}]
    assert codes(order(lines=lines), catalogue) == ["order-depth"]


def test_values_nested_without_end_are_told_of(catalogue: Catalogue) -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    assert codes(order(characteristics={"x": value}), catalogue) == ["value-invalid"]


def test_quantities_without_a_fraction_are_whole(catalogue: Catalogue) -> None:
    plan = compile_order(of_line(quantity=2.0), catalogue)
    assert repr(plan.order_lines[0].quantity) == "2"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = (
    "id",
    "product",
    "quantity",
    "action",
    "attributes",
    "previous",
    "lines",
    "relies_on",
    "external_ids",
    "customer",
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), JSON, max_size=5), JSON)
def test_any_data_gives_a_plan_or_findings(catalogue: Catalogue, data: dict[str, Any], other: Any) -> None:
    for wanted in (data, other, order(lines=[data]), {"id": "O", "lines": [{"id": "1", "product": "offer", **data}]}):
        findings(wanted, catalogue)


def test_the_shipped_orders_are_sound(tmp_path: Path) -> None:
    folder = ROOT / "orders"
    for file in sorted(folder.iterdir()):
        assert read_orders(file.read_text(encoding="utf-8"), file.name)
    assert tmp_path
