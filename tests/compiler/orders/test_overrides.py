"""Overrides of an order: `with:` of scenarios, `--with` of `plan`."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.order_overrides import OrderOverrides
from compiler.orders.overrides import apply_overrides, merge_patch
from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected, SourceLocation
from tests.support.compiler.plan_sketch import catalogue_of

CATALOGUE = """
kind: commercial_product
id: alarm
code: AL-1
attributes: {cameras: {type: integer, default: 1, maximum: 9}, model: {type: string}}
steps: {go: {milestone: true}}
---
kind: commercial_product
id: router
attributes: {model: {type: string}, ports: {type: object}}
steps: {go: {milestone: true}}
"""
ORDER = """
id: X-1
priority: 2
lines:
  - id: "1"
    product: AL-1
    attributes: {cameras: 2, model: old}
    lines:
      - {id: "1.1", product: router, attributes: {ports: {wan: 1, lan: 4}}}
  - {id: "2", product: router}
"""
PLACE = SourceLocation("scenario.yaml", 7, 3)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("overrides"), CATALOGUE)


def changed(catalogue: Catalogue, overrides: dict[str, Any]) -> dict[str, Any]:
    (order,) = read_orders(ORDER, "order.yaml")
    before = deepcopy(dict(order))
    result = apply_overrides(order, OrderOverrides.model_validate(overrides), catalogue, PLACE)
    assert dict(order) == before
    return result


def findings(catalogue: Catalogue, overrides: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(OrderRejected) as rejected:
        changed(catalogue, overrides)
    assert {(one.file, one.line, one.column) for one in rejected.value.findings} == {PLACE}
    return [(one.code, one.message) for one in rejected.value.findings]


def test_an_attribute_goes_to_every_line_whose_product_declares_it(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"attributes": {"cameras": 4, "model": "new"}})
    first, second = order["lines"]
    assert first["attributes"] == {"cameras": 4, "model": "new"}
    assert first["lines"][0]["attributes"] == {"ports": {"wan": 1, "lan": 4}, "model": "new"}
    assert second["attributes"] == {"model": "new"}


def test_a_null_takes_the_attribute_away(catalogue: Catalogue) -> None:
    assert changed(catalogue, {"attributes": {"cameras": None}})["lines"][0]["attributes"] == {"model": "old"}


def test_lines_are_merged_deeply_at_any_depth(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"lines": {"1.1": {"quantity": 3, "attributes": {"ports": {"lan": 8, "wan": None}}}}})
    child = order["lines"][0]["lines"][0]
    assert child == {"id": "1.1", "product": "router", "quantity": 3, "attributes": {"ports": {"lan": 8}}}


def test_values_of_a_line_win_over_values_for_all_lines(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"attributes": {"model": "all"}, "lines": {"2": {"attributes": {"model": "mine"}}}})
    assert order["lines"][0]["attributes"]["model"] == "all"
    assert order["lines"][1]["attributes"]["model"] == "mine"


def test_a_null_takes_the_line_away(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"lines": {"1.1": None, "2": None}})
    assert [line["id"] for line in order["lines"]] == ["1"]
    assert order["lines"][0]["lines"] == []


def test_other_keys_replace_those_of_the_order(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"id": "X-2", "priority": None, "customer": {"id": "C-9"}})
    assert (order["id"], order["customer"], "priority" in order) == ("X-2", {"id": "C-9"}, False)


def test_unknown_attributes_and_lines_are_findings_at_the_overrides(catalogue: Catalogue) -> None:
    found = findings(catalogue, {"attributes": {"camera": 4}, "lines": {"3": {"quantity": 2}}})
    assert found == [
        ("attribute-unknown", "no product of the order's lines has the attribute `camera`; did you mean `cameras`?"),
        ("reference-unknown", "the order has no line `3`; it has 1, 1.1, 2"),
    ]


def test_values_that_do_not_fit_are_rejected_by_the_compiler(catalogue: Catalogue) -> None:
    order = changed(catalogue, {"attributes": {"cameras": 10}})
    (finding,) = compile_with_warnings(order, catalogue).findings
    assert (finding.file, finding.line, finding.column, finding.code) == (*PLACE, "attribute-misfit")
    assert "`cameras` must be at most 9, and is `10`" in finding.message


def test_other_findings_keep_their_places_in_the_order(catalogue: Catalogue) -> None:
    (order,) = read_orders(ORDER.replace("wan: 1", "wan: 1}, colour: {a: 1"), "order.yaml")
    overrides = OrderOverrides(attributes={"cameras": 3}, lines={"2": {"quantity": -1}})
    compiled = compile_with_warnings(apply_overrides(order, overrides, catalogue, PLACE), catalogue)
    places = {finding.code: (finding.file, finding.line) for finding in compiled.findings}
    assert places == {"attribute-unknown": ("order.yaml", 9), "quantity-invalid": (PLACE.file, PLACE.line)}


def test_a_line_behind_one_that_is_taken_away_keeps_its_place(catalogue: Catalogue) -> None:
    (order,) = read_orders(ORDER.replace('{id: "2", product: router}', '{id: "2", product: no_such}'), "order.yaml")
    changed = apply_overrides(order, OrderOverrides(lines={"1": None}), catalogue, PLACE)
    (finding,) = compile_with_warnings(changed, catalogue).findings
    assert (finding.code, finding.file, finding.line) == ("reference-unknown", "order.yaml", 10)


@pytest.mark.parametrize("lines", [None, "x", [1, {"id": 2, "lines": {}}]])
def test_an_order_of_any_form_is_left_to_the_compiler(catalogue: Catalogue, lines: Any) -> None:
    with pytest.raises(OrderRejected):
        apply_overrides({"lines": lines}, OrderOverrides(attributes={"cameras": 1}), catalogue, PLACE)
    same = apply_overrides({"lines": lines}, OrderOverrides(priority=1), catalogue, PLACE)
    assert same == {"lines": lines, "priority": 1}


@pytest.mark.parametrize(
    ("value", "patch", "merged"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ("text", {"a": "b"}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_as_in_its_standard(value: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(value, patch) == merged
