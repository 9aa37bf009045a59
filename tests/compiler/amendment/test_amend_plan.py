"""A running order's plan as an amendment leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.amendment.amend_plan import amend_plan
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan

CATALOGUE = """
kind: commercial_product
id: kit
attributes: {colour: {type: string, default: red}, extra: {type: boolean, default: false}}
decomposes_to:
  - product: device
  - {product: charger, when: attributes.extra}
---
kind: technical_product
id: device
attributes: {colour: {type: string, default: red}}
steps:
  reserve: {activity: reserve, with: {colour: "${attributes.colour}"}}
  ship: {after: [reserve, charger.pack], activity: ship}
---
kind: technical_product
id: charger
steps:
  pack: {activity: pack}
---
kind: workstream
id: parcel
for: [device]
steps:
  send: {per: order, after: [device.ship], activity: send}
"""
EDITED = CATALOGUE.replace("activity: reserve", "activity: reserve_anew").replace(
    "  ship: {after: [reserve, charger.pack], activity: ship}",
    "  ship: {after: [reserve, charger.pack, test], activity: ship}\n  test: {after: [reserve], activity: test}",
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return _load(tmp_path_factory.mktemp("definitions"), CATALOGUE)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return _load(tmp_path_factory.mktemp("edited"), EDITED)


def _load(folder: Path, text: str) -> Catalogue:
    (folder / "all.yaml").write_text(text)
    return load_catalogue(folder)


def _plan(catalogue: Catalogue, *lines: dict[str, Any], **header: Any) -> Plan:
    return compile_order({"id": "O-1", "lines": list(lines), **header}, catalogue)


def _line(id_: str, **attributes: Any) -> dict[str, Any]:
    return {"id": id_, "product": "kit", "attributes": attributes}


def _arrows(plan: Plan, leave_out: frozenset[int] = frozenset()) -> dict[str, set[str]]:
    return {
        step.id: {plan.steps[before].id for before in step.after}
        for position, step in enumerate(plan.steps)
        if position not in leave_out
    }


def _does(plan: Plan, step_id: str) -> str | None:
    return next(plan.step_definition(step).definition.activity for step in plan.steps if step.id == step_id)


def test_amending_to_the_same_order_leaves_the_plan_as_it_is(catalogue: Catalogue) -> None:
    plan = _plan(catalogue, _line("1"), _line("2", extra=True))
    amendment = amend_plan(plan, (), plan)
    assert amendment.diff.is_empty
    assert amendment.retired == frozenset()
    assert amendment.plan == plan


def test_steps_keep_their_positions(catalogue: Catalogue) -> None:
    running = _plan(catalogue, _line("2"))
    amendment = amend_plan(running, (), _plan(catalogue, _line("1"), _line("2")))
    assert [step.id for step in amendment.plan.steps][: len(running.steps)] == [step.id for step in running.steps]
    assert _arrows(amendment.plan)["parcel.send"] == {"device.ship@1", "device.ship@2"}
    assert amendment.diff.added == ("device.reserve@1", "device.ship@1")


def test_steps_of_a_removed_line_are_retired(catalogue: Catalogue) -> None:
    running = _plan(catalogue, _line("1"), _line("2"))
    amendment = amend_plan(running, (), _plan(catalogue, _line("1")))
    retired = {amendment.plan.steps[position].id for position in amendment.retired}
    assert retired == {"device.reserve@2", "device.ship@2"} == set(amendment.diff.removed)
    assert _arrows(amendment.plan)["parcel.send"] == {"device.ship@1"}
    ship = next(step for step in amendment.plan.steps if step.id == "device.ship@2")
    assert [line.id for line in amendment.plan.step_lines(ship)] == ["device@2"]


def test_amending_there_and_back_gives_the_first_plan(catalogue: Catalogue) -> None:
    running = _plan(catalogue, _line("1"), _line("2"))
    there = amend_plan(running, (), _plan(catalogue, _line("2", extra=True), _line("3")))
    back = amend_plan(there.plan, there.retired, running)
    assert _arrows(back.plan, back.retired) == _arrows(running)
    assert {back.plan.steps[position].id for position in back.retired} == {
        "charger.pack@2", "device.reserve@3", "device.ship@3",
    }  # fmt: skip


def test_unchanged_lines_stay_on_their_catalogue(catalogue: Catalogue, edited: Catalogue) -> None:
    running = _plan(catalogue, _line("1"), _line("2"))
    amendment = amend_plan(running, (), _plan(edited, _line("1"), _line("2", colour="blue")))
    assert _does(amendment.plan, "device.reserve@1") == "reserve"
    assert _does(amendment.plan, "device.reserve@2") == "reserve_anew"
    assert amendment.diff.added == ("device.test@2",)
    assert "device.reserve@1" in amendment.diff.unchanged
    assert _arrows(amendment.plan)["device.ship@1"] == {"device.reserve@1"}
    assert _arrows(amendment.plan)["device.ship@2"] == {"device.reserve@2", "device.test@2"}


def test_added_line_uses_the_current_catalogue(catalogue: Catalogue, edited: Catalogue) -> None:
    amendment = amend_plan(_plan(catalogue, _line("1")), (), _plan(edited, _line("1"), _line("2")))
    assert _does(amendment.plan, "device.reserve@1") == "reserve"
    assert {"device.reserve@2", "device.test@2", "device.ship@2"} == set(amendment.diff.added)


def test_changed_characteristics_affect_every_line(catalogue: Catalogue, edited: Catalogue) -> None:
    running = _plan(catalogue, _line("1"))
    amendment = amend_plan(running, (), _plan(edited, _line("1"), characteristics={"carrier": "express"}))
    assert _does(amendment.plan, "device.reserve@1") == "reserve_anew"


def test_amended_plan_can_be_encoded(catalogue: Catalogue) -> None:
    running = _plan(catalogue, _line("1"), _line("2"))
    amendment = amend_plan(running, (), _plan(catalogue, _line("1", extra=True)))
    assert decode_plan(encode_plan(amendment.plan)) == amendment.plan
