"""Why the lines of an order are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from activity_contract import line_reasons as module
from activity_contract.line_reasons import LineReason, RecentLineReasons, line_reasons
from compiler.compile_order import compile_with_warnings
from compiler.explain_order import explain_order
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of

TEXT = """
kind: commercial_product
id: offer
attributes: {checked: {type: boolean, default: false}, note: {type: string, default: none}}
components: [{product: inner, when: attributes.checked}]
decomposes_to:
  - {product: a, quantity: quantity * 2}
  - {product: b, when: "attributes.note != 'x'"}
  - {product: c, when: attributes.checked}
---
kind: commercial_product
id: inner
decomposes_to: [{product: a}]
---
kind: technical_product
id: a
per: order
attributes: {}
steps: {take: {milestone: true}}
---
kind: technical_product
id: b
steps: {check: {milestone: true}}
---
kind: technical_product
id: c
steps: {mount: {milestone: true}}
"""


def reasons(tmp_path: Path, **attributes: object) -> list[LineReason]:
    return line_reasons(order_of(line("1", "offer", quantity=3, attributes=attributes)), catalogue_of(tmp_path, TEXT))


def test_a_line_has_every_rule_that_made_it_with_its_place_and_the_values_that_decided(tmp_path: Path) -> None:
    found = reasons(tmp_path, checked=True)
    by_line = {(each.line_id, each.kind, each.source): each for each in found}
    assert set(by_line) == {
        ("1.inner", "component", "1"),
        ("a", "rule", "1"),
        ("a", "rule", "1.inner"),
        ("b@1", "rule", "1"),
        ("c@1", "rule", "1"),
    }
    component = by_line["1.inner", "component", "1"]
    assert (component.name, component.why) == ("inner", "`attributes.checked` holds")
    assert component.values == {"attributes.checked": True}
    quantity = by_line["a", "rule", "1"]
    assert (quantity.why, quantity.quantity, quantity.quantity_value) == ("always", "quantity * 2", 6)
    assert quantity.values == {"quantity": 3}
    places = [each.place.rpartition("/")[2] for each in found]
    assert all(place.split(":")[0].endswith(".yaml") and len(place.split(":")) == 3 for place in places), places


def test_lines_that_are_not_there_have_no_reason(tmp_path: Path) -> None:
    assert {each.line_id for each in reasons(tmp_path)} == {"a", "b@1"}


def test_the_reasons_are_those_of_plan_explain(tmp_path: Path) -> None:
    order, catalogue = order_of(line("1", "offer", attributes={"checked": True})), catalogue_of(tmp_path, TEXT)
    told = {
        (line_id, one.line_id, one.name, one.reason, one.location)
        for one in explain_order(order, catalogue).decisions
        if one.subject in ("rule", "component")
        for line_id in one.result_ids
    }
    assert {(one.line_id, one.source, one.name, one.why, one.place) for one in line_reasons(order, catalogue)} == told


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    found = next(each for each in reasons(tmp_path, note="y" * 10_000) if each.line_id == "b@1")
    value = found.values["attributes.note"]
    assert len(value) == module.MAX_VALUE_LENGTH
    assert value.endswith("…")


def test_an_order_that_is_rejected_has_no_reasons(tmp_path: Path) -> None:
    assert line_reasons({"id": "O-1", "lines": "none"}, catalogue_of(tmp_path, TEXT)) == []


def remembered(tmp_path: Path, recent: RecentLineReasons, *packed: bytes) -> None:
    for each in packed:
        log = recent.new_log()
        compile_with_warnings(order_of(line("1", "offer")), catalogue_of(tmp_path, TEXT), decision_log=log)
        recent.remember(each, log)


def test_the_process_finds_the_reasons_of_the_plans_that_it_compiled_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PLANS", 2)
    recent = RecentLineReasons()
    recent.is_wanted = True
    remembered(tmp_path, recent, b"1", b"2", b"3")
    assert recent.find(b"1") is None
    found = recent.find(b"3")
    assert found is not None
    assert [each.line_id for each in found] == ["a", "b@1"]
    monkeypatch.setattr(module, "MAX_REASONS", 1)
    remembered(tmp_path, recent, b"4")
    assert recent.find(b"3") is None
    assert recent.find(b"4") is not None, "the last one stays, however many reasons it has"


def test_nothing_is_recorded_if_nobody_reads_it(tmp_path: Path) -> None:
    recent = RecentLineReasons()
    log = recent.new_log()
    compile_with_warnings(order_of(line("1", "offer")), catalogue_of(tmp_path, TEXT), decision_log=log)
    recent.remember(b"1", log)
    assert log.decisions == []
    recent.is_wanted = True
    assert recent.find(b"1") is None
