"""Warnings of values that a target does not allow."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

OFFER = "kind: commercial_product\nid: offer\nattributes: {plan: {%s}}\ndecomposes_to:\n  - {product: %s%s}\n---\n"
HUB = "kind: technical_product\nid: hub\nattributes: {%s: {%s}}\nsteps: {go: {activity: x}}\n"
ENUM, OTHER = "type: string, enum: [a, b], default: a", "type: string, enum: [b, c], required: true"
RANGE, LESS = "type: integer, minimum: 0, maximum: 9, default: 1", "type: integer, minimum: 0, maximum: 5, default: 1"


@pytest.mark.parametrize(
    ("source", "rule", "name", "target", "words"),
    [
        (ENUM, "", "plan", OTHER, "`plan` may be `a`, which `plan` of `hub` does not allow"),
        (ENUM, ", attributes: {kind: «'${attributes.plan}'}", "kind", OTHER, "`plan` may be `a`, which `kind`"),
        (RANGE, "", "plan", LESS, "may be `9`"),
        (RANGE, "", "plan", LESS.replace("minimum: 0", "minimum: 1"), "may be `0`"),
    ],
)
def test_value_that_the_target_does_not_allow_is_a_warning(
    source: str, rule: str, name: str, target: str, words: str
) -> None:
    product = "hub" if "«" in rule else "«hub"
    assert_warning(OFFER % (source, product, rule) + HUB % (name, target), "value-not-covered", words)


@pytest.mark.parametrize(
    ("source", "rule", "target"),
    [
        (ENUM, "", "type: string, enum: [a, b, c], required: true"),
        (ENUM, "", "type: string, required: true"),
        ("type: string, default: a", "", OTHER),
        (ENUM, ", when: attributes.plan == 'b'", OTHER),
        (ENUM, ", attributes: {plan: b}", OTHER),
        (ENUM, ", attributes: {plan: '${attributes.plan}${attributes.plan}'}", OTHER),
        (LESS, "", RANGE),
        ("type: integer, enum: [1, 2], default: 1", "", LESS),
    ],
)
def test_value_that_the_target_may_allow_is_no_warning(source: str, rule: str, target: str) -> None:
    assert findings_of(OFFER % (source, "hub", rule) + HUB % ("plan", target)) == []
