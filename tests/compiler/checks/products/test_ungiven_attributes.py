"""Warnings of required attributes that a rule does not give."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

OFFER = "kind: commercial_product\nid: offer\n%sdecomposes_to: [{product: «hub%s}%s]\n---\n"
HUB = "kind: technical_product\nid: hub\n%sattributes: {ports: {type: integer%s}}\nsteps: {go: {activity: x}}\n"


def catalogue(offer: str = "", rule: str = "", more: str = "", hub: str = "", ports: str = ", required: true") -> str:
    return OFFER % (offer, rule, more) + HUB % (hub, ports)


def test_required_attribute_that_nothing_gives_is_a_warning() -> None:
    assert_warning(catalogue(), "attribute-not-given", "its required attribute `ports`")
    assert_warning(catalogue(rule=", attributes: {}, actions: [add, delete]"), "attribute-not-given")


@pytest.mark.parametrize(
    "text",
    [
        catalogue(rule=", attributes: {ports: 4}"),
        catalogue(offer="attributes: {ports: {type: integer, default: 1}}\n"),
        catalogue(offer="attributes: {ports: {type: integer}}\n"),
        catalogue(ports=", required: true, default: 1"),
        catalogue(ports=""),
        catalogue(hub="per: order\n"),
        catalogue(more=", {product: hub, attributes: {ports: 4}}"),
        catalogue(rule=", actions: [delete]"),
    ],
)
def test_attribute_that_may_be_given_is_no_warning(text: str) -> None:
    assert [str(one) for one in findings_of(text) if one.code == "attribute-not-given"] == []


def test_rule_of_a_class_is_reported_once() -> None:
    text = "kind: product_class\nid: base\ndecomposes_to: [{product: «hub}]\n---\n"
    product = "kind: commercial_product\nid: %s\nclass: base\n---\n"
    assert_warning(text + product % "a" + product % "b" + HUB % ("", ", required: true"), "attribute-not-given")


def test_attribute_of_another_type_is_no_value() -> None:
    text = catalogue(offer="attributes: {ports: {type: string, default: many}}\n")
    assert {one.code for one in findings_of(text)} == {"attribute-not-copied", "attribute-not-given"}
