"""Warnings of attributes that a rule does not copy, though source and target have one of the same name."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

TEXT = """
kind: commercial_product
id: offer
attributes: {a: {type: %s}}
decomposes_to: [{product: «hub%s}]
---
kind: technical_product
id: hub
attributes: {a: {%s}}
steps: {go: {milestone: true}}
"""


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("string", "type: integer"),
        ("integer", "type: number"),
        ("string", "type: list"),
        ("string", "type: list, items: {type: integer}, merge: list"),
        ("list", "type: string"),
    ],
)
def test_attribute_of_another_type_is_a_warning(source: str, target: str) -> None:
    assert_warning(TEXT % (source, "", target), "attribute-not-copied", "`a` is not copied", "in `offer`", "in `hub`")


@pytest.mark.parametrize(
    ("source", "rule", "target"),
    [
        ("string", "", "type: string"),
        ("string", "", "type: list, items: {type: string}, merge: list"),
        ("integer", "", "type: list, merge: list"),
        ("list", "", "type: list"),
        ("string", ", attributes: {a: 1}", "type: integer"),
    ],
)
def test_attribute_that_is_copied_or_mapped_is_no_warning(source: str, rule: str, target: str) -> None:
    assert findings_of(TEXT % (source, rule, target)) == []


def test_rule_of_a_class_is_reported_once() -> None:
    text = """
kind: product_class
id: c
attributes: {a: {type: string}}
decomposes_to: [{product: «hub}]
---
{kind: commercial_product, id: one, class: c}
---
{kind: commercial_product, id: two, class: c}
---
{kind: technical_product, id: hub, attributes: {a: {type: integer}}, steps: {go: {milestone: true}}}
"""
    assert_warning(text, "attribute-not-copied")
