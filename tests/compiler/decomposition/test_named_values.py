"""The values of `let` in plans: computed once for each line, and read by rules, components and steps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.plan.bindings import step_bindings
from compiler.plan.codec import decode_plan, encode_plan
from tests.support.compiler.plan_sketch import catalogue_of, line, only, order_of, rejected, sketch
from tests.support.compiler.written_catalogues import catalogue_in

OFFER = """
kind: product_class
id: service
attributes: {seats: {type: integer, required: true}, discount: {type: number}, day: {type: date}}
let:
  monthly: "round(double(attributes.seats) * let.price, 2)"
  price: 4.5
---
kind: commercial_product
id: phone
class: service
let:
  yearly: "round(let.monthly * 12.0 * (has(attributes.discount) ? 1.0 - attributes.discount / 100.0 : 1.0), 2)"
  starts: "has(attributes.day) ? attributes.day : order.requested_start"
components:
  - {product: support, when: let.yearly > 100.0, quantity: "int(let.yearly / 100.0)"}
decomposes_to:
  - {product: handset, quantity: attributes.seats, attributes: {price: "${let.price}", label: "${let.monthly} a month"}}
steps:
  bill: {activity: bill, with: {yearly: "${let.yearly}"}}
---
kind: commercial_product
id: fixed_phone
class: service
let: {price: 3.0}
steps: {bill: {activity: bill, with: {monthly: "${let.monthly}"}}}
---
kind: commercial_product
id: support
steps: {go: {milestone: true}}
---
kind: technical_product
id: handset
per: unit
attributes: {price: {type: number}, label: {type: string}}
let: {number: "index + 100"}
steps: {go: {milestone: true, actions: [add, modify, delete]}}
---
kind: workstream
id: parcel
for: [handset, phone]
let: {weight: "quantity * 3", number: "1"}
when: order.priority < 5
steps:
  send: {per: order, activity: send, with: {weight: "${sum(lines.map(l, l.let.weight))}"}}
  label: {activity: label, with: {weight: "${let.weight}"}, actions: [add, modify, delete]}
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("let"), OFFER)


def test_values_belong_to_each_line(catalogue: Catalogue) -> None:
    plan = sketch(catalogue, line("1", "phone", attributes={"seats": 3, "discount": 10, "day": "2026-12-01"}))
    values = {"price": 4.5, "monthly": 13.5, "yearly": 145.8, "starts": datetime(2026, 12, 1, tzinfo=UTC)}
    assert plan.order_lines["1"].let == values
    assert plan.order_lines["1"].workstream_lets == {"parcel": {"weight": 3, "number": 1}}
    assert [one.let for one in plan.lines.values()] == [{"number": 101}, {"number": 102}, {"number": 103}]
    assert decode_plan(encode_plan(plan.plan)) == plan.plan


def test_product_replaces_a_value_of_its_class(catalogue: Catalogue) -> None:
    assert sketch(catalogue, line("1", "fixed_phone", attributes={"seats": 2})).order_lines["1"].let == {
        "price": 3.0,
        "monthly": 6.0,
    }


def test_rules_and_components_read_the_values(catalogue: Catalogue) -> None:
    plan = sketch(catalogue, line("1", "phone", attributes={"seats": 3}))
    assert plan.order_lines["1.support"].quantity == 1
    assert plan.lines["handset@1#1"].attributes == {"price": 4.5, "label": "13.5 a month"}
    assert "1.support" not in sketch(catalogue, line("1", "phone", attributes={"seats": 1})).order_lines


def test_steps_read_the_values_of_their_line_or_lines(catalogue: Catalogue) -> None:
    plan = sketch(catalogue, line("1", "phone", attributes={"seats": 2}))
    assert step_bindings(plan.plan, plan.steps["phone.bill@1"])["let"]["yearly"] == 108.0
    several = step_bindings(plan.plan, plan.steps["parcel.send"])["lines"]
    assert {entry["id"]: entry["let"]["weight"] for entry in several} == {"1": 3, "handset@1#1": 3, "handset@1#2": 3}
    of_unit = step_bindings(plan.plan, plan.steps["parcel.label@handset@1#2"])["let"]
    assert of_unit == {"number": 1, "weight": 3}, "the workstream's own value hides that of the product"
    assert step_bindings(plan.plan, plan.steps["handset.go@1#2"])["let"] == {"number": 102}


def test_workstream_that_does_not_apply_computes_nothing(catalogue: Catalogue) -> None:
    plan = sketch(catalogue, line("1", "phone", attributes={"seats": 1}), priority=5)
    assert plan.order_lines["1"].workstream_lets == {}


def test_delete_line_without_a_required_attribute_lacks_what_reads_it() -> None:
    catalogue = catalogue_in(
        OFFER.replace("steps: {bill: {activity", "steps: {bill: {actions: [add, delete], activity")
    )
    plan = sketch(catalogue, line("1", "fixed_phone", action="delete"))
    assert plan.order_lines["1"].let == {"price": 3.0}


def test_value_that_fails_rejects_the_order_and_names_its_place(tmp_path: Path) -> None:
    text = "kind: commercial_product\nid: p\nattributes: {n: {type: integer, default: 0}}\n"
    text += "let:\n  share: 100 / attributes.n\nsteps: {go: {milestone: true, when: let.share > 1}}\n"
    faulty = catalogue_of(tmp_path, text)
    message = only(rejected(faulty, line("1", "p")), "expression-failed")
    assert "`let.share` of product `p`" in message
    assert "catalogue.yaml:5:10" in message
    assert "divides by zero" in message


def test_mapped_previous_values_come_from_the_previous_attributes() -> None:
    text = """
kind: commercial_product
id: offer
attributes: {seats: {type: integer, required: true}}
let: {total: attributes.seats * 2}
decomposes_to: [{product: hub, attributes: {total: "${let.total}"}}]
---
kind: technical_product
id: hub
attributes: {total: {type: integer, required: true}}
steps: {change: {actions: modify, activity: change, with: {by: "${attributes.total - previous.attributes.total}"}}}
"""
    previous = {"attributes": {"seats": 2}}
    order = order_of(line("1", "offer", action="modify", attributes={"seats": 5}, previous=previous))
    (hub,) = compile_order(order, catalogue_in(text)).fulfilment_lines
    assert (hub.attributes, hub.previous and hub.previous.attributes) == ({"total": 10}, {"total": 4})
