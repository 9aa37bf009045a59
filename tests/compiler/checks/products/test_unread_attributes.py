"""Warnings of attributes that nothing reads."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import all_findings_of, assert_warning

OFFER = "kind: commercial_product\nid: offer\nquantity: one\nattributes: {«size: {type: integer, default: 1}}\n"
RULE = OFFER + "decomposes_to: [{product: hub%s}]\n---\nkind: technical_product\nid: hub\n%s"
HUB = "steps: {go: {activity: x}}\n"
READING_HUB = (
    "attributes: {size: {type: integer, default: 1}}\nsteps: {go: {activity: x, with: {s: '${attributes.size}'}}}"
)


def read(text: str) -> bool:
    return "attribute-unused" not in {finding.code for finding in all_findings_of(text)}


def test_attribute_that_nothing_reads_is_a_warning() -> None:
    assert_warning(OFFER + "steps: {go: {activity: x}}", "attribute-unused", "nothing reads `size`")
    assert_warning(RULE % ("", HUB), "attribute-unused")


@pytest.mark.parametrize(
    "reading",
    [
        "steps: {go: {activity: x, with: {s: '${attributes.size}'}}}",
        "steps: {go: {activity: x, with: {s: '${attributes}'}}}",
        "steps: {go: {activity: x, with: {s: '${attributes[\"size\"]}'}}}",
        "steps: {go: {activity: x, when: attributes.size > 1}}",
        "steps: {go: {activity: x, actions: [modify], when: has(previous.attributes.size)}}",
        "steps: {go: {activity: x, per: order, with: {s: '${lines.map(l, l.attributes.size)}'}}}",
        "steps: {go: {activity: x, per: order, with: {s: '${lines}'}}}",
        "steps: {go: {activity: x, undo: {activity: y, with: {s: '${attributes.size}'}}}}",
        "steps: {go: {wait: {for: '${attributes.size}h'}}}",
    ],
)
def test_steps_read_attributes(reading: str) -> None:
    assert read(OFFER + reading)


@pytest.mark.parametrize(
    ("rule", "hub"),
    [
        (", quantity: quantity * attributes.size", HUB),
        (", when: attributes.size > 1", HUB),
        ("", READING_HUB),
        (", attributes: {size: '${attributes.size}'}", READING_HUB),
        ("", "per: attributes.size\n" + HUB),
    ],
)
def test_rules_read_attributes(rule: str, hub: str) -> None:
    assert read(RULE % (rule, hub))


def test_attribute_of_a_target_is_read_by_its_own_product_only() -> None:
    assert not read(RULE % (", attributes: {size: 3}", READING_HUB))


def test_components_and_chains_copy_attributes() -> None:
    inner = "---\nkind: commercial_product\nid: inner\nattributes: {size: {type: integer, default: 1}}\n%s"
    text = OFFER + "components: [{product: inner}]\n" + inner
    rule = "decomposes_to: [{product: hub}]\n---\nkind: technical_product\nid: hub\n"
    assert read(text % (rule + READING_HUB))
    assert not read(text % (rule + HUB))


def test_attribute_of_a_class_is_read_if_one_of_its_products_reads_it() -> None:
    text = "kind: product_class\nid: base\nattributes: {«size: {type: integer, default: 1}}\n"
    product = "---\nkind: commercial_product\nid: %s\nquantity: one\nclass: base\nsteps: {go: {activity: x%s}}\n"
    assert_warning(text + product % ("a", "") + product % ("b", ""), "attribute-unused")
    assert read(text + product % ("a", "") + product % ("b", ", with: {s: '${attributes.size}'}"))


def test_workstream_reads_attributes_of_its_products() -> None:
    workstream = "---\nkind: workstream\nid: w\nfor: offer\nsteps: {go: {activity: x, with: {s: '${attributes.size}'}}}"
    assert read(OFFER + workstream)


def test_attribute_that_is_not_copied_is_reported_as_that_only() -> None:
    hub = "attributes: {size: {type: string, default: ''}}\nsteps: {go: {activity: x, with: {s: '${attributes.size}'}}}"
    assert [finding.code for finding in all_findings_of(RULE % ("", hub))] == ["attribute-not-copied"]


def test_offer_that_nothing_serves_is_reported_as_that_only() -> None:
    assert [finding.code for finding in all_findings_of(OFFER)] == ["offer-without-work"]


def test_too_many_warnings_do_not_refuse_a_catalogue() -> None:
    attributes = ", ".join(f"a{number}: {{type: integer}}" for number in range(1_100))
    text = f"kind: commercial_product\nid: offer\nattributes: {{{attributes}}}\nsteps: {{go: {{activity: x}}}}\n"
    found = all_findings_of(text)
    assert (len(found), {finding.severity for finding in found}) == (1_001, {"warning"})
    assert found[-1].code == "findings-left-out"
