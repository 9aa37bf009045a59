"""Decomposition: what rules make of order lines (docs/language.md, Commercial product and Technical product)."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.plan.plan import PreviousState
from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch

STEPS = "steps: {go: {milestone: true, actions: [add, modify, delete]}}"


def offer(rules: str, attributes: str = "", target: str = "", extra: str = "") -> str:
    return f"""
kind: commercial_product
id: offer
attributes: {{{attributes}}}
decomposes_to:
{rules}
---
kind: technical_product
id: hub
{target or "name: Hub"}
{STEPS}
{extra}
"""


def test_a_rule_without_when_always_applies(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, offer("  - product: hub")), line("1", "offer"))
    assert list(plan.lines) == ["hub@1"]
    assert plan.lines["hub@1"].sources == ("1",)


def test_rule_applies_if_its_condition_holds(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        offer("  - {product: hub}\n  - {product: hub, as: b, when: attributes.n > 1}", "n: {type: integer}").replace(
            "n: {type: integer}", "n: {type: integer, default: 0}"
        ),
    )
    assert list(sketch(catalogue, line("1", "offer")).lines) == ["hub@1"]
    assert list(sketch(catalogue, line("1", "offer", attributes={"n": 2})).lines) == ["hub@1", "hub@1~b"]


def test_the_quantity_is_the_sources_unless_an_expression_replaces_it(tmp_path: Path) -> None:
    rules = """
  - {product: hub}
  - {product: hub, as: twice, quantity: quantity * 2}
  - {product: hub, as: one, quantity: 1}
"""
    plan = sketch(catalogue_of(tmp_path, offer(rules)), line("1", "offer", quantity=3))
    assert {id_: found.quantity for id_, found in plan.lines.items()} == {"hub@1": 3, "hub@1~twice": 6, "hub@1~one": 1}


def test_a_quantity_of_zero_makes_no_line(tmp_path: Path) -> None:
    rules = "  - {product: hub}\n  - {product: hub, as: none, quantity: quantity - 1}"
    assert list(sketch(catalogue_of(tmp_path, offer(rules)), line("1", "offer")).lines) == ["hub@1"]


def test_negative_quantity_rejects_the_order(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, offer("  - {product: hub, quantity: quantity - 2}"))
    message = only(rejected(catalogue, line("1", "offer")), "quantity-invalid")
    assert "line `1`" in message
    assert "`hub`" in message


def test_rule_applies_to_all_actions_by_default(tmp_path: Path) -> None:
    rules = "  - {product: hub}\n  - {product: hub, as: a, actions: [add]}\n  - {product: hub, as: d, actions: delete}"
    catalogue = catalogue_of(tmp_path, offer(rules))
    assert list(sketch(catalogue, line("1", "offer")).lines) == ["hub@1", "hub@1~a"]
    assert list(sketch(catalogue, line("1", "offer", action="delete")).lines) == ["hub@1", "hub@1~d"]


def test_rules_apply_by_precedence_then_as_written(tmp_path: Path) -> None:
    rules = "  - {product: hub, as: c}\n  - {product: hub, as: b}\n  - {product: hub, as: a, precedence: 5}"
    plan = sketch(catalogue_of(tmp_path, offer(rules)), line("1", "offer"))
    assert list(plan.lines) == ["hub@1~a", "hub@1~c", "hub@1~b"]


def test_for_each_makes_one_line_per_element(tmp_path: Path) -> None:
    rules = '  - {product: hub, for_each: attributes.l, attributes: {n: "${each}"}}'
    catalogue = catalogue_of(
        tmp_path, offer(rules, "l: {type: list, default: []}", "attributes: {n: {type: string}}", "no_work_for: [add]")
    )
    plan = sketch(catalogue, line("1", "offer", attributes={"l": ["x", "y"]}))
    assert {id_: found.attributes for id_, found in plan.lines.items()} == {
        "hub@1~1": {"n": "x"},
        "hub@1~2": {"n": "y"},
    }
    assert [(found.each, found.index) for found in plan.lines.values()] == [("x", 1), ("y", 2)]


def test_ids_with_key_do_not_depend_on_other_elements(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, offer("  - {product: hub, for_each: attributes.l, key: each.name}", "l: {type: list, required: true}")
    )
    both = sketch(catalogue, line("1", "offer", attributes={"l": [{"name": "a"}, {"name": "b"}]}))
    one = sketch(catalogue, line("1", "offer", attributes={"l": [{"name": "b"}]}))
    assert list(both.lines) == ["hub@1~a", "hub@1~b"]
    assert list(one.lines) == ["hub@1~b"]


def test_when_that_reads_the_element_is_evaluated_per_element(tmp_path: Path) -> None:
    rules = """
  - {product: hub, for_each: attributes.l, when: each > 1}
  - {product: hub, as: b, for_each: attributes.l, when: index == 1}
"""
    catalogue = catalogue_of(tmp_path, offer(rules, "l: {type: list, required: true}"))
    plan = sketch(catalogue, line("1", "offer", attributes={"l": [1, 2, 3]}))
    assert list(plan.lines) == ["hub@1~2", "hub@1~3", "hub@1~b~1"]


def test_other_when_is_evaluated_before_the_list(tmp_path: Path) -> None:
    rules = "  - {product: hub}\n  - {product: hub, as: b, for_each: attributes.l, when: has(attributes.l)}"
    catalogue = catalogue_of(tmp_path, offer(rules, "l: {type: list}"))
    assert list(sketch(catalogue, line("1", "offer")).lines) == ["hub@1"]


def test_attributes_are_mapped_by_literal_expression_and_table(tmp_path: Path) -> None:
    rules = """
  - product: hub
    attributes:
      a: fixed
      b: "${attributes.speed}"
      c: "x-${attributes.speed}"
      d: {from: attributes.speed, table: {fast: 50}, default: 10}
"""
    target = "attributes: {a: {type: string}, b: {type: string}, c: {type: string}, d: {type: integer}}"
    catalogue = catalogue_of(tmp_path, offer(rules, "speed: {type: string, default: fast}", target))
    plan = sketch(catalogue, line("1", "offer"))
    assert plan.lines["hub@1"].attributes == {"a": "fixed", "b": "fast", "c": "x-fast", "d": 50}
    slow = sketch(catalogue, line("1", "offer", attributes={"speed": "slow"}))
    assert slow.lines["hub@1"].attributes["d"] == 10


def test_value_without_a_table_row_rejects_the_order(tmp_path: Path) -> None:
    rules = "  - {product: hub, attributes: {d: {from: attributes.speed, table: {fast: 50}}}}"
    catalogue = catalogue_of(
        tmp_path,
        offer(rules, "speed: {type: string, default: slow}", "attributes: {d: {type: integer, required: true}}"),
    )
    message = only(rejected(catalogue, line("1", "offer")), "table-without-row")
    assert "`d`" in message
    assert "`slow`" in message


def test_attributes_of_same_name_and_type_are_inherited(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        offer(
            "  - {product: hub}",
            "a: {type: integer, default: 7}, b: {type: string, default: x}, c: {type: string}",
            "attributes: {a: {type: integer}, b: {type: integer}, c: {type: string, default: own}}",
        ),
    )
    assert sketch(catalogue, line("1", "offer")).lines["hub@1"].attributes == {"a": 7, "c": "own"}


def test_mapped_attribute_is_not_inherited(tmp_path: Path) -> None:
    rules = "  - {product: hub, attributes: {a: 3}}"
    catalogue = catalogue_of(
        tmp_path, offer(rules, "a: {type: integer, default: 7}", "attributes: {a: {type: integer}}")
    )
    assert sketch(catalogue, line("1", "offer")).lines["hub@1"].attributes == {"a": 3}


def test_mapped_value_is_validated_by_the_target(tmp_path: Path) -> None:
    rules = '  - {product: hub, attributes: {a: "${attributes.n}"}}'
    catalogue = catalogue_of(
        tmp_path, offer(rules, "n: {type: integer, required: true}", "attributes: {a: {type: integer, maximum: 3}}")
    )
    message = only(rejected(catalogue, line("1", "offer", attributes={"n": 5})), "attribute-misfit")
    assert "at most 3" in message


@pytest.mark.parametrize("action", ["add", "modify"])
def test_missing_required_attribute_rejects_add_and_modify(action: str, tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, offer("  - {product: hub}", "", "attributes: {a: {type: integer, required: true}}")
    )
    message = only(rejected(catalogue, line("1", "offer", action=action)), "attribute-missing")
    assert "`a`" in message


def test_required_attribute_may_be_missing_on_delete(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, offer("  - {product: hub}", "", "attributes: {a: {type: integer, required: true}}")
    )
    assert "hub@1" in sketch(catalogue, line("1", "offer", action="delete")).lines


def test_deleted_line_may_lack_what_a_mapping_reads(tmp_path: Path) -> None:
    rules = '  - {product: hub, attributes: {a: "${attributes.n}"}}'
    catalogue = catalogue_of(
        tmp_path, offer(rules, "n: {type: integer, required: true}", "attributes: {a: {type: integer, required: true}}")
    )
    assert sketch(catalogue, line("1", "offer", action="delete")).lines["hub@1"].attributes == {}


def test_failed_expression_rejects_with_line_rule_and_location(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, offer("  - {product: hub, quantity: 6 / attributes.n}", "n: {type: integer, default: 0}")
    )
    message = only(rejected(catalogue, line("1", "offer")), "expression-failed")
    assert "divides by zero" in message
    assert "catalogue.yaml:6:5" in message


CLASS = """
kind: product_class
id: service
attributes: {a: {type: integer, default: 1}, b: {type: integer, default: 1}}
decomposes_to:
  - {product: bill, quantity: 9}
  - {product: hub, quantity: 9}
---
kind: commercial_product
id: offer
class: service
attributes: {b: {type: integer, default: 2}}
decomposes_to:
  - {product: hub}
---
kind: technical_product
id: hub
attributes: {a: {type: integer}, b: {type: integer}}
steps: {go: {milestone: true}}
---
kind: technical_product
id: bill
steps: {go: {milestone: true}}
"""


def test_product_overrides_rules_of_its_class(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, CLASS), line("1", "offer"))
    assert {id_: found.quantity for id_, found in plan.lines.items()} == {"bill@1": 9, "hub@1": 1}
    assert plan.lines["hub@1"].attributes == {"a": 1, "b": 2}


DEEP = f"""
kind: commercial_product
id: offer
attributes: {{n: {{type: integer, default: 2}}}}
decomposes_to:
  - {{product: box, quantity: quantity * attributes.n}}
---
kind: technical_product
id: box
attributes: {{n: {{type: integer, required: true}}}}
decomposes_to:
  - {{product: part, quantity: quantity * 3, when: attributes.n > 1}}
---
kind: technical_product
id: part
{STEPS}
"""


def test_technical_products_decompose_further(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, DEEP), line("1", "offer"))
    assert plan.lines["part@1"].quantity == 6
    assert plan.lines["part@1"].sources == ("box@1",)


def test_action_is_inherited(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, DEEP), line("1", "offer", action="delete"))
    assert plan.lines["part@1"].action == "delete"


def test_previous_state_is_mapped_like_the_current_one(tmp_path: Path) -> None:
    rules = '  - {product: hub, attributes: {m: "${attributes.model}"}, quantity: quantity * attributes.n}'
    catalogue = catalogue_of(
        tmp_path,
        offer(
            rules,
            "model: {type: string, default: a}, n: {type: integer, default: 1}",
            "attributes: {m: {type: string}, n: {type: integer, default: 5}}",
        ),
    )
    previous = {"quantity": 2, "attributes": {"model": "old", "n": 3}}
    plan = sketch(catalogue, line("1", "offer", action="modify", previous=previous))
    assert plan.lines["hub@1"].previous == PreviousState({"m": "old", "n": 3}, 6)


def test_has_previous_works_without_a_previous_state(tmp_path: Path) -> None:
    rules = "  - {product: hub}\n  - {product: hub, as: b, actions: [modify], when: has(previous.attributes.n)}"
    catalogue = catalogue_of(tmp_path, offer(rules, "n: {type: integer}"))
    assert list(sketch(catalogue, line("1", "offer", action="modify")).lines) == ["hub@1"]
    known = line("1", "offer", action="modify", previous={"attributes": {"n": 1}})
    assert list(sketch(catalogue, known).lines) == ["hub@1", "hub@1~b"]


def test_lines_are_sorted_by_order_line_then_rule(tmp_path: Path) -> None:
    extra = "---\nkind: technical_product\nid: a\nsteps: {go: {milestone: true}}"
    catalogue = catalogue_of(tmp_path, offer("  - {product: hub}\n  - {product: a}", extra=extra))
    plan = sketch(catalogue, line("2", "offer"), line("1", "offer"))
    assert list(plan.lines) == ["hub@2", "a@2", "hub@1", "a@1"]


def test_order_with_too_many_lines_is_rejected(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, offer("  - {product: hub}", target="per: unit"))
    assert only(rejected(catalogue, line("1", "offer", quantity=10**12)), "order-too-large")
