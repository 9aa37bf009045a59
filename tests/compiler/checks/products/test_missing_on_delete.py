"""Warnings of required attributes that a delete line may lack, where a rule for all actions reads them."""

from __future__ import annotations

import pytest

from compiler.compile_order import compile_order
from compiler.source.findings import OrderRejected
from tests.support.compiler.written_catalogues import assert_warning, catalogue_in, findings_of

OFFER = """
kind: commercial_product
id: offer
attributes: {kw: {type: integer, required: true}, ports: {type: list, items: {type: string}, required: true}}
decomposes_to: [{product: visit, %s}]
"""
VISIT = """
---
kind: technical_product
id: visit
steps:
  book: {milestone: true}
  remove: {milestone: true, actions: [delete]}
"""


@pytest.mark.parametrize(
    "rule",
    [
        "quantity: '«attributes.kw == 22 ? 2 : 1'",
        "when: «attributes.kw > 7",
        "when: quantity > 1 && «attributes.kw > 7",
        "for_each: «attributes.ports",
        "when: «attributes.kw > 7, quantity: attributes.kw",
        "actions: [add, delete], quantity: «attributes.kw",
    ],
)
def test_required_attribute_in_a_rule_for_delete_lines_too_is_a_warning(rule: str) -> None:
    assert_warning(OFFER % rule + VISIT, "missing-on-delete", "a delete line may lack `attributes.")


@pytest.mark.parametrize(
    "rule",
    [
        "actions: [add, modify], quantity: attributes.kw",
        "actions: [delete], quantity: attributes.kw",
        "when: has(attributes.kw) && attributes.kw > 7",
        "when: has(attributes.kw), quantity: attributes.kw",
        "quantity: 'has(attributes.kw) ? attributes.kw : 1'",
        "when: action == 'add' && attributes.kw > 7",
        "quantity: 2",
    ],
)
def test_rule_that_minds_delete_lines_is_no_warning(rule: str) -> None:
    assert [one for one in findings_of(OFFER % rule + VISIT) if one.code == "missing-on-delete"] == []


def test_offer_that_nothing_removes_is_no_warning() -> None:
    only_add = VISIT.replace("  remove: {milestone: true, actions: [delete]}\n", "")
    assert findings_of(OFFER % "quantity: attributes.kw" + only_add) == []


def test_components_and_workstreams_are_checked() -> None:
    bundle = """
kind: commercial_product
id: bundle
attributes: {kw: {type: integer, required: true}}
components: [{product: offer, when: «attributes.kw > 7}]
---
kind: commercial_product
id: offer
steps: {go: {milestone: true, actions: [add, delete]}}
"""
    assert_warning(bundle, "missing-on-delete")
    stream = """
kind: commercial_product
id: offer
attributes: {kw: {type: integer, required: true}}
---
{kind: workstream, id: w, for: offer, when: «attributes.kw > 7, actions: [add, delete], steps: {go: {milestone: true}}}
"""
    assert_warning(stream, "missing-on-delete")


def test_rule_of_a_class_is_reported_once() -> None:
    text = """
kind: product_class
id: c
attributes: {kw: {type: integer, required: true}}
decomposes_to: [{product: visit, quantity: «attributes.kw}]
---
{kind: commercial_product, id: a, class: c}
---
{kind: commercial_product, id: b, class: c}
"""
    assert_warning(text + VISIT, "missing-on-delete")


def test_an_order_that_the_warning_is_about_is_rejected() -> None:
    catalogue = catalogue_in(OFFER % "quantity: attributes.kw" + VISIT)
    with pytest.raises(OrderRejected, match="kw"):
        compile_order({"id": "O-1", "lines": [{"id": "1", "product": "offer", "action": "delete"}]}, catalogue)
