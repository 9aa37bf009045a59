"""Products with `quantity: one`: an order or a rule with another quantity is rejected by name (docs/language.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.compile_order import compile_with_warnings
from tests.support.compiler.plan_sketch import catalogue_of, line, only, order_of, rejected, sketch
from tests.support.compiler.written_catalogues import assert_error, findings_of

CATALOGUE = """
kind: commercial_product
id: offer
{offer}
decomposes_to: [{{product: part{rule}}}]
---
kind: technical_product
id: part
{part}
steps: {{cut: {{actions: [add, modify, delete], activity: cut, with: {{n: "${{quantity}}"}}}}}}
"""
ONE = "quantity: one"


def text(offer: str = "", part: str = "", rule: str = "") -> str:
    return CATALOGUE.format(offer=offer, part=part, rule=rule and f", {rule}")


@pytest.mark.parametrize(("quantity", "shown"), [(2, "2"), (0.5, "0.5")])
def test_order_line_with_another_quantity_is_rejected(quantity: float, shown: str, tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text(ONE))
    message = only(rejected(catalogue, line("1", "offer", quantity=quantity)), "quantity-invalid")
    assert message == f"line `1`: `quantity` must be 1, and is `{shown}`: `offer` declares `quantity: one`"
    before = line("1", "offer", action="modify", previous={"quantity": 2})
    assert "`previous.quantity` must be 1" in only(rejected(catalogue, before), "quantity-invalid")
    assert sketch(catalogue, line("1", "offer", quantity=1.0)).lines["part@1"].quantity == 1


def test_quantity_is_also_refused_in_orders_of_the_first_language_version(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text(ONE))
    compiled = compile_with_warnings(order_of(line("1", "offer", quantity=2)), catalogue, language_version=1)
    assert compiled.plan is None


def test_rule_that_gives_another_quantity_rejects_by_name(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text(part=ONE))
    message = only(rejected(catalogue, line("1", "offer", quantity=2)), "quantity-invalid")
    assert "by the rule (at catalogue.yaml:5:" in message.replace(f"{tmp_path}/", "")
    assert "must be 1, and is `2`: `part` declares `quantity: one`" in message


def test_several_sources_of_one_line_are_rejected_unless_they_are_merged_to_one(tmp_path: Path) -> None:
    lines = (line("1", "offer"), line("2", "offer"))
    summed = catalogue_of(tmp_path, text(part=f"{ONE}\nper: order"))
    assert "must be 1, and is `2`" in only(rejected(summed, *lines), "quantity-invalid")
    merged = catalogue_of(tmp_path, text(part=f"{ONE}\nper: order\nmerged_quantity: one"))
    assert sketch(merged, *lines).lines["part"].quantity == 1


def test_one_unit_is_all_that_a_line_per_unit_may_have(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, text(part=f"{ONE}\nper: unit"))
    assert "must be 1" in only(rejected(catalogue, line("1", "offer", quantity=2)), "quantity-invalid")
    assert len(sketch(catalogue, line("1", "offer")).lines) == 1


def test_component_with_another_quantity_rejects_by_name(tmp_path: Path) -> None:
    pack = f"kind: commercial_product\nid: pack\ncomponents: [{{product: offer}}]\n---{text(ONE)}"
    message = only(rejected(catalogue_of(tmp_path, pack), line("1", "pack", quantity=2)), "quantity-invalid")
    assert message.startswith("line `1.offer`: its quantity (at ")
    assert "must be 1, and is `2`" in message


def test_constant_quantity_of_a_rule_must_be_one() -> None:
    assert_error(text(part=ONE, rule="quantity: «2"), "quantity-not-one", "is always 1")
    for written in ("quantity: 1", "quantity: 1.0", "quantity: quantity", "quantity: 'quantity * 2'", ""):
        assert findings_of(text(part=ONE, rule=written)) == []
