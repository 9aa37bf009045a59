"""Named values in amendments: what a completed step used is compared, and unchanged lines keep their values."""

from __future__ import annotations

from pathlib import Path

from compiler.amendment.amend_plan import amend_plan
from compiler.compile_order import compile_order
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of
from tests.support.core.compiled_orders import CompiledOrder

OFFER = """
kind: commercial_product
id: phone
attributes: {seats: {type: integer, default: 1}, colour: {type: string, default: red}}
let: {monthly: "double(attributes.seats) * 4.5"}
steps:
  bill: {activity: bill, with: {monthly: "${let.monthly}"}, undo: {activity: refund}}
  greet: {after: bill, activity: greet, with: {colour: "${attributes.colour}"}}
"""


def test_completed_step_is_done_again_if_a_named_value_that_it_used_has_changed(tmp_path: Path) -> None:
    order = CompiledOrder(catalogue_of(tmp_path, OFFER), [line("1", "phone")])
    order.answer("phone.bill@1")
    result = order.amend([line("1", "phone", attributes={"seats": 2})])
    assert [(step.id, step.fate) for step in result.steps] == [("phone.bill@1", "redone")]
    assert [(value.name, value.after) for value in result.steps[0].values] == [("let.monthly", 9.0)]


def test_completed_step_stays_if_only_what_it_does_not_read_has_changed(tmp_path: Path) -> None:
    order = CompiledOrder(catalogue_of(tmp_path, OFFER), [line("1", "phone")])
    order.answer("phone.bill@1")
    result = order.amend([line("1", "phone", attributes={"colour": "blue"})])
    assert "phone.bill@1" not in [step.id for step in result.steps]


def test_amendment_names_the_value_that_changed(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, OFFER)
    running = compile_order(order_of(line("1", "phone")), catalogue)
    wanted = compile_order(order_of(line("1", "phone", attributes={"seats": 2})), catalogue)
    (change,) = amend_plan(running, (), wanted).diff.changed["phone.bill@1"]
    assert (change.name, change.before, change.after) == ("let.monthly", 4.5, 9.0)


def test_unchanged_line_keeps_its_price_when_the_catalogue_has_another(tmp_path: Path) -> None:
    before = catalogue_of(tmp_path / "before", OFFER)
    after = catalogue_of(tmp_path / "after", OFFER.replace("4.5", "5.5").replace("let: {", "let: {own: '7', "))
    running = compile_order(order_of(line("1", "phone")), before)
    wanted = compile_order(order_of(line("1", "phone"), line("2", "phone")), after)
    amended = amend_plan(running, (), wanted)
    values = {one.id: one.let for one in amended.plan.order_lines}
    assert values == {"1": {"monthly": 4.5, "own": 7}, "2": {"monthly": 5.5, "own": 7}}
    assert amended.diff.changed == {}
