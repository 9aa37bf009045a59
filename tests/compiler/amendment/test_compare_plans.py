"""What an amendment changes, by comparing two plans of one order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.amendment.compare_plans import InputChange, PlanDiff, WaitChange, compare_plans, shares_order_lines
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.plan import Plan

CATALOGUE = """
kind: system
id: stock
base_url: http://stock.example
---
kind: commercial_product
id: kit
attributes:
  colour: {type: string, default: red}
  note: {type: string, default: ""}
decomposes_to:
  - {product: device, attributes: {colour: "${attributes.colour}", note: "${attributes.note}"}}
---
kind: technical_product
id: device
attributes:
  colour: {type: string, default: red}
  note: {type: string, default: ""}
steps:
  reserve:
    call: {system: stock, post: /reservations, body: {colour: "${attributes.colour}", quantity: "${quantity}"}}
  ship:
    after: [reserve]
    call: {system: stock, post: /shipments, body: {reservation: "${steps.reserve.output.id}"}}
  thank:
    after: [ship]
    call: {system: stock, post: /letters, body: {customer: "${order.customer.id}"}}
---
kind: workstream
id: parcel
for: [device]
steps:
  list:
    per: order
    call: {system: stock, post: /lists, body: {devices: "${lines.map(line, line.id)}"}}
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return _catalogue(tmp_path_factory.mktemp("definitions"), CATALOGUE)


def _catalogue(folder: Path, text: str) -> Catalogue:
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(text)
    return load_catalogue(folder)


def _order(*lines: dict[str, Any], customer: str = "C-1") -> dict[str, Any]:
    return {"id": "O-1", "customer": {"id": customer}, "lines": list(lines)}


def _line(id_: str, quantity: int = 1, **attributes: Any) -> dict[str, Any]:
    return {"id": id_, "product": "kit", "quantity": quantity, "attributes": attributes}


def _difference(catalogue: Catalogue, before: dict[str, Any], after: dict[str, Any]) -> PlanDiff:
    return compare_plans(compile_order(before, catalogue), compile_order(after, catalogue))


def test_the_same_order_changes_nothing(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1")))
    assert found.is_empty
    assert found.may_redo == ()
    assert set(found.unchanged) == {"device.reserve@1", "device.ship@1", "device.thank@1", "parcel.list"}


def test_steps_that_wait_for_others_than_before_are_told(catalogue: Catalogue) -> None:
    plan = compile_order(_order(_line("1")), catalogue)
    at = {step.id: position for position, step in enumerate(plan.steps)}
    ship = plan.steps[at["device.ship@1"]]
    assert at["device.reserve@1"] in ship.after

    def waiting_for(*ids: str) -> Plan:
        steps = list(plan.steps)
        steps[at[ship.id]] = replace(ship, after=tuple(sorted(at[id_] for id_ in ids)))
        return replace(plan, steps=tuple(steps))

    lost = compare_plans(plan, waiting_for())
    assert lost.waits == {"device.ship@1": WaitChange(("device.reserve@1",), ())}
    gained = compare_plans(waiting_for(), plan)
    assert gained.waits == {"device.ship@1": WaitChange((), ("device.reserve@1",))}
    assert compare_plans(plan, plan).waits == {}


def test_a_wait_that_others_imply_is_no_difference(tmp_path: Path) -> None:
    """`check` comes between `take` and `mount`: mount still waits for take."""
    steps = "take: {milestone: true}, mount: {milestone: true, after: [AFTER]}"
    head = "kind: commercial_product\nid: kit\nsteps: {"
    plain = _catalogue(tmp_path / "plain", head + steps.replace("AFTER", "take") + "}")
    check = ", check: {milestone: true, after: [take]}}"
    checked = _catalogue(tmp_path / "checked", head + steps.replace("AFTER", "check") + check)
    order = {"id": "O-1", "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "kit"}]}
    found = compare_plans(compile_order(order, plain), compile_order(order, checked))
    assert (found.added, found.waits) == (("kit.check@1",), {})


def test_attributes_in_expressions_change_a_step(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1", colour="blue")))
    assert found.changed == {"device.reserve@1": (InputChange("attributes.colour", "red", "blue"),)}


def test_unread_attributes_change_no_step(catalogue: Catalogue) -> None:
    assert _difference(catalogue, _order(_line("1")), _order(_line("1", note="ring twice"))).is_empty


def test_the_quantity_is_an_input(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1", quantity=3)))
    assert found.changed == {"device.reserve@1": (InputChange("quantity", 1, 3),)}


def test_characteristics_are_an_input(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1"), customer="C-2"))
    assert found.changed == {"device.thank@1": (InputChange("order.customer.id", "C-1", "C-2"),)}


def test_consumers_of_a_changed_steps_output_may_be_redone(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1", colour="blue")))
    assert found.may_redo == ("device.ship@1",)


def test_added_line_adds_steps_and_changes_steps_that_list_lines(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1")), _order(_line("1"), _line("2")))
    assert found.lines_added == ("2",)
    assert found.added == ("device.reserve@2", "device.ship@2", "device.thank@2")
    assert list(found.changed) == ["parcel.list"]


def test_removed_line_removes_its_steps(catalogue: Catalogue) -> None:
    found = _difference(catalogue, _order(_line("1"), _line("2")), _order(_line("1")))
    assert found.lines_removed == ("2",)
    assert found.removed == ("device.reserve@2", "device.ship@2", "device.thank@2")


def test_reverse_amendment_has_the_reverse_diff(catalogue: Catalogue) -> None:
    one, two = _order(_line("1"), _line("2")), _order(_line("2", colour="blue"), _line("3"))
    there, back = _difference(catalogue, one, two), _difference(catalogue, two, one)
    assert set(there.removed) == set(back.added)
    assert set(there.added) == set(back.removed)
    assert {id_: [(c.before, c.after) for c in changes] for id_, changes in there.changed.items()} == {
        id_: [(c.after, c.before) for c in changes] for id_, changes in back.changed.items()
    }


def test_changed_definition_changes_the_step(catalogue: Catalogue, tmp_path: Path) -> None:
    edited = _catalogue(tmp_path / "edited", CATALOGUE.replace("post: /shipments", "put: /shipments"))
    found = compare_plans(compile_order(_order(_line("1")), catalogue), compile_order(_order(_line("1")), edited))
    assert list(found.changed) == ["device.ship@1"]


def test_what_follows_a_step_is_no_input(catalogue: Catalogue, tmp_path: Path) -> None:
    text = CATALOGUE.replace("  ship:\n", "  ship:\n    sla: {duration: 3d}\n    on_failure: continue\n")
    edited = _catalogue(tmp_path / "edited", text)
    order = _order(_line("1"))
    assert compare_plans(compile_order(order, catalogue), compile_order(order, edited)).is_empty


def test_order_without_common_lines_is_another_order(catalogue: Catalogue) -> None:
    old = compile_order(_order(_line("1")), catalogue)
    assert shares_order_lines(old, compile_order(_order(_line("1"), _line("2")), catalogue))
    assert not shares_order_lines(old, compile_order(_order(_line("2")), catalogue))
