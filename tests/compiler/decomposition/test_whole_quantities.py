"""Quantities are whole unless a product declares `quantity: decimal` (docs/language.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.cel.evaluation import evaluate
from compiler.compile_order import compile_with_warnings
from compiler.load_catalogue import check_definitions
from compiler.plan.bindings import step_bindings
from compiler.plan.codec import decode_plan, encode_plan
from compiler.source.findings import Finding
from tests.support.compiler.plan_sketch import Sketch, catalogue_of, line, only, order_of, rejected, sketch

OFFER = """
kind: commercial_product
id: offer
{offer}
decomposes_to: [{{product: part{rule}}}]
---
kind: technical_product
id: part
{part}
steps: {{cut: {{actions: [add, modify], activity: cut, with: {{twice: "${{{twice}}}"}}}}}}
"""


HUB_AND_CABLE = """
kind: commercial_product
id: offer
decomposes_to: [{product: hub}, {product: cable, quantity: 2.5}]
---
kind: technical_product
id: hub
---
kind: technical_product
id: cable
quantity: decimal
---
kind: workstream
id: shipment
for: [hub, cable]
"""


def text(rule: str = "", offer: str = "", part: str = "", twice: str = "quantity * 2") -> str:
    return OFFER.format(rule=f", quantity: {rule}" if rule else "", offer=offer, part=part, twice=twice)


def found(folder: Path, content: str) -> list[Finding]:
    (folder / "file.yaml").write_text(content, encoding="utf-8")
    return check_definitions([folder])


def twice(plan: Sketch, step: str, expression: str) -> Any:
    return evaluate(expression, step_bindings(plan.plan, plan.steps[step]))


def test_a_fraction_in_an_order_is_rejected(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text())
    message = only(rejected(catalogue, line("1", "offer", quantity=2.5)), "quantity-invalid")
    assert message == (
        "line `1`: `quantity` must be a whole number, and is `2.5`: quantities of `offer` are whole, unless it "
        "declares `quantity: decimal`"
    )
    before = line("1", "offer", action="modify", quantity=2, previous={"quantity": 1.5})
    assert "`previous.quantity`" in only(rejected(catalogue, before), "quantity-invalid")
    assert sketch(catalogue, line("1", "offer", quantity=2.0)).lines["part@1"].quantity == 2


def test_a_rule_that_gives_a_fraction_rejects_by_name(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text('"double(quantity) * 0.5"'))
    assert [warning.code for warning in check_definitions([tmp_path])] == ["quantity-fraction"]
    message = only(rejected(catalogue, line("1", "offer", quantity=3)), "quantity-invalid")
    assert "catalogue.yaml:5:" in message
    assert "must be a whole number, and is `1.5`" in message
    whole = sketch(catalogue, line("1", "offer", quantity=4))
    assert repr(whole.lines["part@1"].quantity) == "2"
    assert twice(whole, "part.cut@1", "quantity * 2") == 4


def test_fractions_that_add_up_to_a_whole_number_are_accepted(tmp_path: Path) -> None:
    content = text('"double(quantity) * 0.5"', part="per: order")
    merged = sketch(catalogue_of(tmp_path, content), line("1", "offer"), line("2", "offer"))
    assert merged.lines["part"].quantity == 1


def test_a_component_that_gives_a_fraction_rejects_by_name(tmp_path: Path) -> None:
    content = f"""
kind: commercial_product
id: pack
components: [{{product: offer, quantity: "double(quantity) * 0.5"}}]
---{text()}"""
    message = only(rejected(catalogue_of(tmp_path, content), line("1", "pack", quantity=3)), "quantity-invalid")
    assert message.startswith("line `1.offer`: its quantity (at ")


@pytest.mark.parametrize(
    ("content", "severities"),
    [
        (text("1.5"), ["error"]),
        (text("2", offer="quantity: one"), []),
        (text("2.0", offer="quantity: one"), []),
        (text("quantity * 3"), []),
        (text('"double(quantity) * 0.5"'), ["warning"]),
        (text('"int(double(quantity) * 0.5)"'), []),
        (text('"math.ceil(double(quantity) * 0.5)"'), []),
        (text('"round(double(quantity) * 0.5)"'), []),
        (text('"round(double(quantity) * 0.5, 1)"'), ["warning"]),
        (text(offer="quantity: decimal"), ["warning"]),
        (text("int(quantity)", offer="quantity: decimal"), []),
        (text("1.5", offer="quantity: one", part="quantity: decimal", twice="quantity * 2.0"), []),
        (text(offer="quantity: decimal", part="quantity: decimal", twice="quantity * 2.0"), []),
    ],
)
def test_rules_are_checked_when_the_catalogue_is_loaded(content: str, severities: list[str], tmp_path: Path) -> None:
    findings = found(tmp_path, content)
    assert [(one.code, one.severity) for one in findings] == [
        ("quantity-fraction", severity) for severity in severities
    ]


def test_expressions_over_a_decimal_quantity_are_typed_so(tmp_path: Path) -> None:
    codes = {finding.code for finding in found(tmp_path, text(part="quantity: decimal"))}
    assert codes == {"expression-type"}
    wrong = text("quantity * 2", offer="quantity: decimal", part="quantity: decimal", twice="quantity")
    assert {finding.code for finding in found(tmp_path, wrong)} == {"expression-type"}


def test_decimal_quantities_are_numbers_also_without_a_fraction(tmp_path: Path) -> None:
    decimal = text(offer="quantity: decimal", part="quantity: decimal", twice="quantity * 2.0")
    catalogue = catalogue_of(tmp_path, decimal)
    for quantity in (2, 2.5):
        plan = Sketch(decode_plan(encode_plan(sketch(catalogue, line("1", "offer", quantity=quantity)).plan)))
        assert twice(plan, "part.cut@1", "quantity * 2.0") == quantity * 2
    change = line("1", "offer", action="modify", quantity=2, previous={"quantity": 1})
    assert twice(sketch(catalogue, change), "part.cut@1", "previous.quantity * 2.0") == 2


def test_decimal_quantities_add_up_exactly(tmp_path: Path) -> None:
    decimal = text(offer="quantity: decimal", part="quantity: decimal\nper: order", twice="quantity")
    merged = sketch(catalogue_of(tmp_path, decimal), line("1", "offer", quantity=0.1), line("2", "offer", quantity=0.2))
    assert merged.lines["part"].quantity == 0.3


def test_a_step_of_whole_and_decimal_products_sees_numbers(tmp_path: Path) -> None:
    content = f"""{HUB_AND_CABLE}steps:
  pack: {{activity: pack, with: {{twice: "${{quantity * 2.0}}"}}}}
  ship: {{per: order, activity: ship, with: {{all: "${{sum(lines.map(l, l.quantity * 2.0))}}"}}}}
"""
    plan = sketch(catalogue_of(tmp_path, content), line("1", "offer", quantity=3))
    assert twice(plan, "shipment.pack@hub@1", "quantity * 2.0") == 6
    assert twice(plan, "shipment.ship", "sum(lines.map(l, l.quantity * 2.0))") == 11


def test_quantity_of_mixed_products_is_not_known_where_lines_are_chosen(tmp_path: Path) -> None:
    content = f"""{HUB_AND_CABLE}when: quantity > 1
steps: {{ship: {{milestone: true}}}}
"""
    (finding,) = found(tmp_path, content)
    assert "whole for some of these products and decimal for others" in finding.message


def test_orders_that_ran_before_keep_their_fractions(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text('"double(quantity) * 0.5"'))
    order = order_of(line("1", "offer", quantity=3))
    plan = compile_with_warnings(order, catalogue, language_version=1).plan
    assert plan
    assert plan.fulfilment_lines[0].quantity == 1.5
