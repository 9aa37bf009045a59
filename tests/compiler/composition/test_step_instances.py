"""Which steps a plan has, and what it resolves for each (docs/language.md, Workstream and Step)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from compiler.language.retry_policy import RetryPolicy
from compiler.plan.bindings import order_bindings, step_bindings
from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch

BASE = """
kind: commercial_product
id: offer
attributes: {{site: {{type: string, default: s}}, n: {{type: integer, default: 1}}}}
decomposes_to:
  - {{product: motor}}
  - {{product: coupling, quantity: attributes.n}}
---
kind: technical_product
id: motor
class: kit
---
kind: technical_product
id: coupling
class: kit
---
kind: product_class
id: kit
attributes: {{site: {{type: string}}, n: {{type: integer, default: 1}}}}
---
kind: workstream
id: shipment
name: Shipment & invoicing
{workstream}
"""
SHIP = "steps: {ship: {milestone: true}}"


def base(workstream: str) -> str:
    return BASE.format(workstream=workstream)


@pytest.mark.parametrize(
    ("target", "served"),
    [
        ("for: motor", ["motor@1"]),
        ("for: [motor, coupling]", ["motor@1", "coupling@1"]),
        ("for: {class: kit}", ["motor@1", "coupling@1"]),
        ("for: offer", ["1"]),
    ],
)
def test_workstream_is_planned_for_each_of_its_lines(target: str, served: list[str], tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, base(f"{target}\n{SHIP}")), line("1", "offer"))
    assert [plan.serves(step)[0] for step in plan.steps] == served


def test_one_step_per_order_serves_all_its_lines(tmp_path: Path) -> None:
    text = base("for: [motor, coupling]\nsteps: {ship: {milestone: true, per: order}}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer"), line("2", "offer"))
    assert plan.serves("shipment.ship") == ["motor@1", "coupling@1", "motor@2", "coupling@2"]


def test_one_step_serves_order_lines_and_fulfilment_lines(tmp_path: Path) -> None:
    text = base("for: [offer, coupling]\nper: order\nsteps: {ship: {milestone: true}}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer"), line("2", "offer"))
    assert plan.serves("shipment.ship") == ["1", "coupling@1", "2", "coupling@2"]


def test_workstream_is_planned_only_if_its_condition_holds(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, base(f'for: [motor, coupling]\nwhen: quantity > 1 && order.characteristics.x != "no"\n{SHIP}')
    )
    plan = sketch(catalogue, line("1", "offer", attributes={"n": 2}), characteristics={"x": "yes"})
    assert list(plan.steps) == ["shipment.ship@coupling@1"]


def test_failed_condition_rejects_the_order(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, base(f'for: motor\nwhen: order.characteristics.x == "a"\n{SHIP}'))
    message = only(rejected(catalogue, line("1", "offer")), "expression-failed")
    assert "workstream `shipment`" in message


def test_steps_are_for_add_lines_by_default(tmp_path: Path) -> None:
    text = base(
        "for: motor\nactions: [delete]\nsteps: {a: {milestone: true}, b: {milestone: true, actions: [add, delete]}}"
    )
    catalogue = catalogue_of(tmp_path, text)
    assert list(sketch(catalogue, line("1", "offer")).steps) == ["shipment.b@motor@1"]
    deleted = sketch(catalogue, line("1", "offer", action="delete"))
    assert list(deleted.steps) == ["shipment.a@motor@1", "shipment.b@motor@1"]


def test_per_of_the_workstream_is_its_steps_default(tmp_path: Path) -> None:
    text = base("for: motor\nper: order\nsteps: {a: {milestone: true}, b: {milestone: true, per: bundle}}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer"), line("2", "offer"))
    assert sorted(plan.steps) == ["shipment.a", "shipment.b@1", "shipment.b@2"]


def test_steps_are_sorted_by_line_then_catalogue(tmp_path: Path) -> None:
    text = base("for: [motor, coupling]\nsteps: {z: {milestone: true}, a: {milestone: true, after: [z]}}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer"))
    assert list(plan.steps) == [f"shipment.{step}@{part}@1" for part in ("motor", "coupling") for step in ("z", "a")]


CALLS = """
kind: commercial_product
id: offer
steps:
  plain: {call: {system: slow, get: /x}}
  own: {call: {system: slow, get: /x}, retry: patient, timeout: 5s}
  inline: {call: {system: fast, get: /x}, retry: {max_attempts: 9}, undo: {call: {system: slow, get: /x}, timeout: 2s}}
  bare: {call: {system: fast, get: /x}}
  work: {activity: thing, undo: {activity: other, retry: patient}}
---
{kind: system, id: slow, base_url: "http://localhost", retry: patient, timeout: 90s}
---
{kind: system, id: fast, base_url: "http://localhost"}
---
{kind: retry, id: patient, intervals: [1m]}
"""


def test_retry_and_timeout_defaults(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, CALLS), line("1", "offer")).plan
    found = {one.step: one for one in plan.definitions}
    patient = RetryPolicy(intervals=[timedelta(minutes=1)])
    standard = RetryPolicy(give_up_on=["invalid_request", "4xx"])
    assert {step: one.timeout for step, one in found.items()} == {
        "plain": 90, "own": 5, "inline": 30, "bare": 30, "work": 30,
    }  # fmt: skip
    assert found["plain"].retry == found["own"].retry == patient
    assert found["bare"].retry == found["work"].retry == standard
    assert found["inline"].retry.max_attempts == 9
    assert (found["inline"].undo_retry, found["inline"].undo_timeout) == (patient, 2)
    assert (found["work"].undo_retry, found["work"].undo_timeout) == (patient, 30)


READS = """
kind: commercial_product
id: offer
decomposes_to: [{product: cam, quantity: 2}, {product: hub}]
steps:
  bill:
    after: [cam.take, hub.take]
    activity: bill
    with: {hub: "${workstreams.hub.take.output.id}", cams: "${workstreams.cam.take.outputs}"}
---
kind: technical_product
id: cam
per: unit
steps:
  take: {activity: take}
  give: {activity: give, after: [take], with: {id: "${steps.take.output.id}"}}
---
kind: technical_product
id: hub
steps: {take: {activity: take}}
"""


def test_outputs_that_expressions_read_are_resolved_to_instances(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, READS), line("1", "offer"), line("2", "offer"))
    assert plan.reads("cam.give@2#1") == [["cam.take@2#1"]]
    reads = plan.plan.step_definition(plan.steps["offer.bill@1"]).reads
    assert [(read.workstream, read.is_list) for read in reads] == [("cam", True), ("hub", False)]
    assert plan.reads("offer.bill@1") == [["cam.take@1#1", "cam.take@1#2"], ["hub.take@1"]]


def test_only_steps_per_line_read_one_line(tmp_path: Path) -> None:
    text = base("for: [motor, coupling]\nsteps: {one: {milestone: true}, all: {milestone: true, per: bundle}}")
    given = line("1", "offer", action="add", external_ids={"crm": "7"}, requested_start="2026-12-01T08:00:00Z")
    plan = sketch(catalogue_of(tmp_path, text), given)
    seen = step_bindings(plan.plan, plan.steps["shipment.one@coupling@1"])
    assert (seen["attributes"], seen["quantity"], seen["action"]) == ({"n": 1, "site": "s"}, 1, "add")
    assert "lines" not in seen
    assert "previous" not in seen
    several = step_bindings(plan.plan, plan.steps["shipment.all@1"])
    assert set(several) == {"order", "lines"}
    assert [one["id"] for one in several["lines"]] == ["motor@1", "coupling@1"]
    assert several["lines"][0]["external_ids"] == {"crm": "7"}


def test_missing_order_data_is_empty_text_or_null(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, base(f"for: motor\n{SHIP}")), line("1", "offer"))
    seen = order_bindings(plan.plan.order)
    assert seen["customer"] == {"id": "C-1", "name": "", "tier": ""}
    assert seen["requested_start"] is None
    assert seen["priority"] == 3
