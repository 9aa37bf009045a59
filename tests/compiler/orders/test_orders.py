"""Orders are read from text and validated by themselves (docs/language.md, Order)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order, compile_with_warnings
from compiler.language.order import OrderLine, line_request_digest
from compiler.language.steps import ReliedFailure
from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from tests.support.compiler.plan_sketch import catalogue_of
from tests.support.paths import ROOT

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


def test_orders_are_read_from_yaml_json_and_json_lines() -> None:
    one, two = order(), order(id="O-2")
    assert read_orders("id: O-1\nlines: [{id: '1', product: offer}]\n", "o.yaml") == [one]
    assert read_orders(json.dumps(one, indent=2), "o.json") == [one]
    assert read_orders(f"{json.dumps(one)}\n\n{json.dumps(two)}\n", "o.jsonl") == [one, two]
    assert [found["id"] for found in read_orders("id: a\n---\nid: b\n", "o.yaml")] == ["a", "b"]


def test_json_escapes_are_decoded() -> None:
    assert read_orders('{"id": "\\ud83d\\ude00"}', "o.json") == [{"id": "😀"}]


def test_plain_scalars_are_resolved_as_in_definitions() -> None:
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
def test_text_without_an_order_is_rejected(text: str, code: str) -> None:
    with pytest.raises(OrderRejected) as rejected:
        read_orders(text, "o.yaml")
    assert rejected.value.findings[0].code == code


def test_findings_have_line_and_column(catalogue: Catalogue) -> None:
    text = "id: O-1\nlines:\n  - id: '1'\n    product: offfer\n    quantity: -2\n"
    (read,) = read_orders(text, "orders/o.yaml")
    with pytest.raises(OrderRejected) as rejected:
        compile_order(read, catalogue, "orders/o.yaml")
    assert [str(finding).partition(": ")[0] for finding in rejected.value.findings] == [
        "orders/o.yaml:4:14",
        "orders/o.yaml:5:15",
    ]


def test_findings_in_json_lines_have_the_line_of_their_order(catalogue: Catalogue) -> None:
    text = f"{json.dumps(order())}\n{json.dumps(order(prioritty=1))}\n"
    _, second = read_orders(text, "o.jsonl")
    with pytest.raises(OrderRejected) as rejected:
        compile_order(second, catalogue, "o.jsonl")
    assert rejected.value.findings[0].line == 2


def test_findings_in_order_data_have_line_0(catalogue: Catalogue) -> None:
    with pytest.raises(OrderRejected) as rejected:
        compile_order(order(priority=9), catalogue)
    assert (rejected.value.findings[0].file, rejected.value.findings[0].line) == ("order", 0)


def test_valid_order_has_no_findings(catalogue: Catalogue) -> None:
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
def test_one_error_gives_one_finding(wrong: Any, catalogue: Catalogue) -> None:
    assert len(codes(wrong, catalogue)) == 1


def test_unknown_key_suggests_a_similar_one(catalogue: Catalogue) -> None:
    messages = [message for _, message in findings(of_line(quantiy=2, id="7"), catalogue)]
    assert messages == ["line `7`: there is no key `quantiy` here; did you mean `quantity`?"]


def test_misspelt_required_key_is_not_reported_as_missing_too(catalogue: Catalogue) -> None:
    line = {"id": "1", "prodct": "offer"}
    assert codes(order(lines=[line]), catalogue) == ["key-unknown"]


def test_null_counts_as_a_missing_key_but_unknown_keys_are_still_found(catalogue: Catalogue) -> None:
    assert codes(order(priority=None, customer=None), catalogue) == []
    assert findings(of_line(product=None), catalogue) == [("key-missing", "line `1`: `product` is missing")]
    assert codes(order(prioritty=None), catalogue) == ["key-unknown"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (order(customer="C"), "the order: `customer` must be a mapping with `id`, and is `C`"),
        (order(customer={}), "the order: `id` is missing in `customer`"),
        (order(customer={"id": "C", "nam": "N"}),
         "the order: there is no key `nam` in `customer`; did you mean `name`?"),
        (order(lines=[None]),
         "the order: item 1 of `lines` must be a mapping with `id` and `product`, and is `nothing`"),
        (of_line(attributes={"n": float("inf")}), "line `1`: `attributes.n` must be a finite number"),
        (of_line(relies_on=["x", 3]), "line `1`: item 2 of `relies_on` must be text, and is `3`; put it in quotes"),
        (of_line(action="modify", previous={"quantity": -1}),
         "line `1`: `previous.quantity` must be a number above 0, and is `-1`"),
        (of_line(lines=[{"id": "1.1", "product": 3}]),
         "line `1.1`: `product` must be text, and is `3`; put it in quotes"),
    ],
)  # fmt: skip
def test_messages_name_the_line_and_the_key(wrong: Any, message: str, catalogue: Catalogue) -> None:
    assert [found for _, found in findings(wrong, catalogue)] == [message]


def test_every_error_is_reported_at_once(
    catalogue: Catalogue,
) -> None:
    wrong = {
        "priority": 9,
        "customer": {"tier": 3},
        "lines": [{"id": "1", "product": "offer", "quantity": -1}, {"id": "2", "product": "offfer"}, {"id": "2"}],
    }
    assert sorted(codes(wrong, catalogue)) == [
        "id-duplicate",
        "key-missing",
        "key-missing",
        "key-missing",
        "quantity-invalid",
        "reference-unknown",
        "type-wrong",
        "value-invalid",
    ]


def test_validation_does_not_change_the_data(catalogue: Catalogue) -> None:
    wrong = {"customer": {"tier": "gold"}, "lines": [{"id": "1", "product": "offer"}, {"id": "1", "product": None}]}
    before = json.dumps(wrong)
    codes(wrong, catalogue)
    assert json.dumps(wrong) == before


def test_previous_of_an_add_line_is_reported_at_its_key(catalogue: Catalogue) -> None:
    text = "id: O-1\nlines:\n  - id: '1'\n    product: offer\n    previous:\n      quantity: 0\n"
    (read,) = read_orders(text, "o.yaml")
    with pytest.raises(OrderRejected) as rejected:
        compile_order(read, catalogue, "o.yaml")
    assert [str(finding).partition(": ")[0] for finding in rejected.value.findings] == ["o.yaml:5:5"]


def test_unknown_action_suggests_a_similar_one(catalogue: Catalogue) -> None:
    assert "did you mean `delete`?" in findings(of_line(action="delet", previous={}), catalogue)[0][1]


def test_duplicate_line_ids_are_found_at_any_level(catalogue: Catalogue) -> None:
    inner = {"id": "1", "product": "offer"}
    assert codes(of_line(lines=[inner]), catalogue) == ["id-duplicate"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("change", "modify"), ("update", "modify"), ("Amend", "modify"), ("cancel", "delete"), ("remove", "delete"),
        ("terminate", "delete"), ("create", "add"), ("noChange", "no_change"), ("none", "no_change"),
    ],
)  # fmt: skip
def test_action_in_the_words_of_another_system_is_translated(written: str, meant: str, catalogue: Catalogue) -> None:
    assert findings(of_line(action=written), catalogue)[0][1].endswith(f"; did you mean `{meant}`?")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (order(priority="1"), "must be a whole number from 1 (first) to 5, and is the text `1`"),
        (of_line(quantity="2"), "must be a number above 0, and is the text `2`"),
        (of_line(attributes={"n": "3"}), "must be a whole number, and is the text `3`"),
        (of_line(attributes={"n": "three"}), "must be a whole number, and is `three`"),
        (of_line(attributes={"n": [1]}), "must be a whole number, and is a list"),
    ],
)
def test_number_that_is_text_is_called_text(given: Any, message: str, catalogue: Catalogue) -> None:
    assert message in findings(given, catalogue)[0][1]


@pytest.mark.parametrize("action", ["add", "no_change"])
def test_only_modify_and_delete_lines_have_a_previous(action: str, catalogue: Catalogue) -> None:
    assert codes(of_line(action=action, previous={"quantity": 1}), catalogue) == ["previous-misplaced"]
    assert codes(of_line(action="modify", previous={"quantity": 1}), catalogue) == []


def test_number_as_id_must_be_quoted(catalogue: Catalogue) -> None:
    assert "put it in quotes" in findings(of_line(id=1.1), catalogue)[0][1]


def test_depth_of_lines_is_limited(catalogue: Catalogue) -> None:
    lines: list[dict[str, Any]] = []
    for depth in range(2000):
        lines = [{"id": f"l{depth}", "product": "offer", "lines": lines}]
    assert codes(order(lines=lines), catalogue) == ["order-depth"]


def test_depth_of_values_is_limited(catalogue: Catalogue) -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    assert codes(order(characteristics={"x": value}), catalogue) == ["value-invalid"]


def test_quantity_without_fraction_becomes_an_integer(catalogue: Catalogue) -> None:
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
    for any_order in (
        data,
        other,
        order(lines=[data]),
        {"id": "O", "lines": [{"id": "1", "product": "offer", **data}]},
    ):
        findings(any_order, catalogue)


def test_sample_orders_can_be_read() -> None:
    for file in sorted((ROOT / "orders").iterdir()):
        assert read_orders(file.read_text(encoding="utf-8"), file.name)


def test_a_key_that_a_line_does_not_give_does_not_change_its_digest() -> None:
    """An amendment would take all lines of orders that began before the key existed for changed."""
    line = OrderLine(id="1", product="dsl", relies_on=["2"])
    assert line_request_digest(line) == "0b5bfcd2a3b66e94"
    assert (
        line_request_digest(line.model_copy(update={"on_relied_failure": ReliedFailure.FALLOUT})) != "0b5bfcd2a3b66e94"
    )


def test_definition_instead_of_an_order_is_one_finding(catalogue: Catalogue) -> None:
    (finding,) = compile_with_warnings({"kind": "system", "id": "billing", "base_url": "http://b"}, catalogue).findings
    assert finding.code == "order-missing"
    assert "this is a definition (`kind: system`), not an order" in finding.message
