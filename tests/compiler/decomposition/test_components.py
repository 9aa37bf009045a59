"""Order lines: products, attributes, components, work (docs/language.md, Commercial product and Order)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from compiler.compile_order import compile_order
from compiler.orders.reader import read_orders
from compiler.plan.plan import PreviousState
from compiler.source.findings import OrderRejected
from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch

GO = "steps: {go: {milestone: true, actions: [add, modify, delete]}}"
BUNDLE = f"""
kind: commercial_product
id: bundle
code: SKU-1
attributes: {{seats: {{type: integer, default: 2}}, tv: {{type: boolean, default: true}}}}
components:
  - {{product: phone, quantity: quantity * attributes.seats, as: desk}}
  - {{product: phone, attributes: {{seats: 9, on: 2026-12-01}}}}
  - {{product: tv, when: attributes.tv}}
---
kind: commercial_product
id: phone
attributes: {{seats: {{type: integer}}, on: {{type: date}}}}
{GO}
---
kind: commercial_product
id: tv
components: [{{product: box}}]
{GO}
---
kind: commercial_product
id: box
{GO}
---
kind: technical_product
id: cable
code: CAB
{GO}
"""


def test_components_become_child_lines_depth_first(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", quantity=3), line("2", "phone"))
    assert list(plan.order_lines) == ["1", "1.desk", "1.phone", "1.tv", "1.tv.box", "2"]
    assert [found.sources for found in plan.order_lines.values()] == [(), ("1",), ("1",), ("1",), ("1.tv",), ()]
    assert plan.order_lines["1.desk"].quantity == 6
    assert plan.order_lines["1.phone"].quantity == 3


def test_component_attributes_are_mapped_as_in_a_rule(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle"))
    assert plan.order_lines["1.desk"].attributes == {"seats": 2}
    assert plan.order_lines["1.phone"].attributes == {"seats": 9, "on": date(2026, 12, 1)}


def test_a_component_whose_condition_does_not_hold_makes_no_line(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", attributes={"tv": False}))
    assert "1.tv" not in plan.order_lines


def test_components_inherit_action_and_previous_state(tmp_path: Path) -> None:
    previous = {"quantity": 2, "attributes": {"seats": 5}}
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", action="modify", previous=previous))
    assert plan.order_lines["1.desk"].action == "modify"
    assert plan.order_lines["1.desk"].previous == PreviousState({"seats": 5}, 10)


def test_child_lines_of_the_order_replace_components(tmp_path: Path) -> None:
    children = [line("a", "tv", action="add", lines=[line("b", "box")])]
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", lines=children))
    assert list(plan.order_lines) == ["1", "a", "b"]


def test_empty_list_of_child_lines_keeps_components(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", lines=[]))
    assert "1.desk" in plan.order_lines


def test_a_component_and_an_order_line_of_the_same_id_reject(tmp_path: Path) -> None:
    findings = rejected(catalogue_of(tmp_path, BUNDLE), line("1", "bundle"), line("1.desk", "phone"))
    assert "`1.desk`" in only(findings, "id-collision")


def test_a_product_may_be_named_by_its_code(tmp_path: Path) -> None:
    assert sketch(catalogue_of(tmp_path, BUNDLE), line("1", "SKU-1")).order_lines["1"].product == "bundle"


def test_unknown_product_is_reported_with_a_similar_one(tmp_path: Path) -> None:
    message = only(rejected(catalogue_of(tmp_path, BUNDLE), line("1", "bundel")), "reference-unknown")
    assert "did you mean `bundle`?" in message


@pytest.mark.parametrize("name", ["cable", "CAB"])
def test_technical_products_are_not_ordered_directly(name: str, tmp_path: Path) -> None:
    assert only(rejected(catalogue_of(tmp_path, BUNDLE), line("1", name)), "order-technical")


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"seat": 2}, "attribute-unknown"),
        ({"seats": "two"}, "attribute-misfit"),
        ({"tv": 1}, "attribute-misfit"),
    ],
)
def test_an_order_line_is_checked_against_its_attributes(attributes: dict[str, Any], code: str, tmp_path: Path) -> None:
    assert only(rejected(catalogue_of(tmp_path, BUNDLE), line("1", "bundle", attributes=attributes)), code)


def test_previous_attributes_are_checked_without_constraints(tmp_path: Path) -> None:
    text = f"kind: commercial_product\nid: a\nattributes: {{n: {{type: integer, maximum: 3, default: 1}}}}\n{GO}"
    catalogue = catalogue_of(tmp_path, text)
    known = {"attributes": {"n": 9}}
    assert sketch(catalogue, line("1", "a", action="modify", previous=known)).order_lines[
        "1"
    ].previous == PreviousState({"n": 9}, 1)
    wrong = {"attributes": {"n": "x"}}
    assert only(rejected(catalogue, line("1", "a", action="modify", previous=wrong)), "attribute-misfit")
    unknown = {"attributes": {"m": 1}}
    assert only(rejected(catalogue, line("1", "a", action="modify", previous=unknown)), "attribute-unknown")


def test_dates_and_times_keep_their_types(tmp_path: Path) -> None:
    text = f"kind: commercial_product\nid: a\nattributes: {{d: {{type: date}}, t: {{type: datetime}}}}\n{GO}"
    given = {"d": "2026-12-01", "t": "2026-12-01T08:00:00"}
    plan = sketch(catalogue_of(tmp_path, text), line("1", "a", attributes=given))
    assert plan.order_lines["1"].attributes == {"d": date(2026, 12, 1), "t": datetime(2026, 12, 1, 8, tzinfo=UTC)}


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    findings = rejected(
        catalogue_of(tmp_path, BUNDLE),
        line("1", "bundel"), line("2", "bundle", attributes={"x": 1, "seats": "y"}), line("3", "cable"), prio=1,
    )  # fmt: skip
    assert sorted(finding.code for finding in findings) == [
        "attribute-misfit", "attribute-unknown", "key-unknown", "order-technical", "reference-unknown",
    ]  # fmt: skip


WORK = """
kind: commercial_product
id: offer
%s
decomposes_to: [{product: hub}]
---
kind: technical_product
id: hub
%s
"""


def test_line_without_steps_is_rejected(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, WORK % ("name: Offer", "steps: {go: {milestone: true}}"))
    message = only(rejected(catalogue, line("1", "offer", action="delete")), "line-without-work")
    assert "delete `offer`" in message


@pytest.mark.parametrize(
    ("offer", "hub", "action"),
    [
        ("name: Offer", "steps: {go: {milestone: true}}", "no_change"),
        ("no_work_for: [delete]", "steps: {go: {milestone: true}}", "delete"),
        ("name: Offer", "no_work_for: [delete]\nsteps: {go: {milestone: true}}", "delete"),
    ],
)
def test_no_work_for_allows_lines_without_steps(offer: str, hub: str, action: str, tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, WORK % (offer, hub)), line("1", "offer", action=action))
    assert plan.steps == {}


def test_no_work_for_replaces_the_default(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, WORK % ("no_work_for: [delete]", "no_work_for: []\nsteps: {go: {milestone: true}}")
    )
    assert only(rejected(catalogue, line("1", "offer", action="no_change")), "line-without-work")


def test_child_lines_without_work_do_not_exempt_their_parent(tmp_path: Path) -> None:
    text = "kind: commercial_product\nid: shell\n---\n" + WORK % ("name: Offer", "steps: {go: {milestone: true}}")
    order = line("1", "shell", lines=[line("2", "offer", action="no_change")])
    assert "add `shell`" in only(rejected(catalogue_of(tmp_path, text), order), "line-without-work")


def test_a_line_is_served_by_the_steps_of_its_child_lines(tmp_path: Path) -> None:
    text = f"kind: commercial_product\nid: shell\n---\nkind: commercial_product\nid: inner\n{GO}"
    plan = sketch(catalogue_of(tmp_path, text), line("1", "shell", lines=[line("2", "inner")]))
    assert list(plan.steps) == ["inner.go@2"]


def test_a_commercial_product_may_carry_steps_of_its_own(tmp_path: Path) -> None:
    text = f"kind: commercial_product\nid: audit\n{GO}"
    plan = sketch(catalogue_of(tmp_path, text), line("1", "audit"))
    assert plan.serves("audit.go@1") == ["1"]
    assert plan.plan.definitions[0].serves_order_lines


def test_components_inherit_requested_times(tmp_path: Path) -> None:
    start, end = "2026-12-01T08:00:00Z", "2026-12-15T17:00:00Z"
    given = line("1", "bundle", requested_start=start, requested_completion=end)
    lines = sketch(catalogue_of(tmp_path, BUNDLE), given).order_lines
    for id_ in ("1.tv", "1.tv.box"):
        assert lines[id_].requested_start == datetime(2026, 12, 1, 8, tzinfo=UTC)
        assert lines[id_].requested_completion == datetime(2026, 12, 15, 17, tzinfo=UTC)


NESTED_ORDER = """\
id: O-1
customer: {id: C-1}
lines:
  - id: "1"
    product: bundle
    lines:
      - id: "1.1"
        product: phone
        attributes:
          seats: many
      - id: "1.2"
        product: strict
"""
STRICT = """
---
kind: commercial_product
id: strict
components: [{product: phone, attributes: {seats: "${quantity / 0}"}}, {product: needy}]
---
kind: commercial_product
id: needy
attributes: {name: {type: string, required: true}}
steps: {go: {milestone: true}}
"""


def test_findings_are_at_the_line_that_the_order_contains(tmp_path: Path) -> None:
    """A component has no place in the order: its findings are at the line that it belongs to."""
    catalogue = catalogue_of(tmp_path, BUNDLE + STRICT)
    [order] = read_orders(NESTED_ORDER, "order.yaml")
    with pytest.raises(OrderRejected) as raised:
        compile_order(order, catalogue, "order.yaml")
    assert [(finding.code, finding.line, finding.column) for finding in raised.value.findings] == [
        ("attribute-misfit", 10, 18),
        ("expression-failed", 11, 9),
        ("attribute-missing", 11, 9),
    ]
