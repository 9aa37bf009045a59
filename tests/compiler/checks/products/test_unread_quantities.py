"""Warnings of offers whose quantity nothing reads."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import all_findings_of, assert_warning

CODE = "quantity-unused"
CATALOGUE = """
kind: commercial_product
id: «offer
{offer}
---
kind: technical_product
id: camera
{camera}
---
kind: technical_product
id: lens
{lens}
"""
RULE = "decomposes_to: [{product: camera%s}]"
WORK = "steps: {fit: {activity: fit%s}}"
READS = WORK % ", with: {n: '${quantity}'}"
TO_LENS = f"decomposes_to: [{{product: lens}}]\n{WORK % ''}"


def text(offer: str = RULE % "", camera: str = TO_LENS, lens: str = WORK % "") -> str:
    return CATALOGUE.format(offer=offer, camera=camera, lens=lens)


PARCEL = """
---
kind: workstream
id: parcel
for: [camera, lens]
steps: {ship: {activity: ship, per: order, with: {n: "%s"}}}
"""


@pytest.mark.parametrize(
    "content",
    [
        text(),
        text(RULE % ", quantity: 2", READS),
        text(camera=f"merged_quantity: one\n{READS}"),
        text(camera=f"{RULE.replace('camera', 'lens') % ', quantity: 3'}", lens=READS),
        text(WORK % ", with: {n: '${attributes.quantity}'}" + "\nattributes: {quantity: {type: integer, default: 1}}"),
        text() + PARCEL % "${size(lines)}",
        text() + PARCEL % "${lines.map(l, l.id)}",
        f"\nkind: commercial_product\nid: alone\nquantity: whole\n{WORK % ''}\n",
    ],
)
def test_offer_whose_quantity_nothing_reads_is_a_warning(content: str) -> None:
    found = [one for one in all_findings_of(content) if one.code == CODE]
    assert [(one.line, one.column, one.severity) for one in found] == [(3, 5, "warning")]
    assert "an order of 2 does the work once" in found[0].message
    assert "declare `quantity: one`" in found[0].message


def test_decimal_quantity_that_nothing_reads_is_found_where_it_is_declared() -> None:
    content = text(RULE % "" + "\nquantity: «decimal", "quantity: decimal\n" + WORK % "").replace("«", "", 1)
    assert_warning(content[: content.index("---\nkind: technical_product\nid: lens")].rstrip("-\n "), CODE)


@pytest.mark.parametrize(
    "content",
    [
        text("quantity: one\n" + RULE % ""),
        text(camera=f"quantity: one\n{WORK % ''}"),
        text(camera=READS),
        text(camera=f"merged_quantity: max\n{READS}"),
        text(lens=READS),
        text(lens=f"per: unit\n{WORK % ''}"),
        text(camera=f"per: unit\n{WORK % ''}"),
        text(camera="per: \"quantity > 2 ? 'many' : 'few'\"\n" + TO_LENS),
        text(RULE % ", quantity: quantity * 2"),
        text(RULE % ", when: quantity > 1"),
        text("let: {n: quantity * 2}\n" + RULE % ""),
        text(f"{RULE % ''}\n{READS}"),
        text() + PARCEL % "${lines.map(l, l.quantity)}",
        text() + PARCEL % "${lines}",
        text() + PARCEL.replace("steps:", "when: quantity > 1\nsteps:") % "1",
        text() + PARCEL.replace("steps:", "let: {n: quantity + 1}\nsteps:") % "1",
        "kind: system\nid: grid\nbase_url: http://grid.example\n---"
        + text("steps: {look: {call: {system: grid, get: /state}}}").split("---")[0],
        text("steps: {go: {milestone: true}}", "steps: {go: {milestone: true}}", "steps: {go: {milestone: true}}"),
    ],
)
def test_quantity_that_counts_or_must_be_one_is_no_warning(content: str) -> None:
    findings = all_findings_of(content)
    assert [one for one in findings if one.code == CODE or one.severity == "error"] == []


def test_quantity_of_a_bundle_counts_in_its_components() -> None:
    bundle = "kind: commercial_product\nid: «pack\ncomponents: [{product: offer%s}]\n---"
    good = (bundle % "").replace("«", "") + text("quantity: one\n" + RULE % "").replace("«", "")
    assert [one for one in all_findings_of(good) if one.code == CODE] == []
    lost = bundle % ", quantity: 1" + text(camera=READS).replace("«", "")
    found = [one for one in all_findings_of(lost) if one.code == CODE]
    assert [(one.line, one.column) for one in found] == [(2, 5)]


def test_products_of_a_class_inherit_what_reads_the_quantity() -> None:
    inherited = "---\nkind: product_class\nid: counted\ndecomposes_to: [{product: lens, quantity: quantity * 2}]\n"
    content = text("class: counted\n" + RULE % "") + inherited
    assert [one for one in all_findings_of(content) if one.code == CODE or one.severity == "error"] == []
