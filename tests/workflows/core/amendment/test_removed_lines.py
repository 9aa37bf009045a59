"""Lines that an amendment takes out: what receivers hear, what `show` says, and that they are taken back once."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.compiler.written_catalogues import catalogue_in
from tests.support.core.compiled_orders import CompiledOrder
from workflows.core.continue_as_new import order_snapshot

CATALOGUE = catalogue_in("""
kind: system
id: bench
base_url: http://bench.example
---
kind: commercial_product
id: item
attributes: {slow: {type: boolean, default: false}, extra: {type: boolean, default: false}}
decomposes_to: [{product: svc}, {product: option, when: attributes.extra}]
---
kind: commercial_product
id: pack
components: [{product: item}]
---
kind: technical_product
id: svc
attributes: {slow: {type: boolean, default: false}}
steps:
  provision: {call: {system: bench, post: /prov}, undo: {call: {system: bench, delete: "/prov/${output.id}"}}}
  go_live: {after: [provision], when: attributes.slow, event: {name: live}}
  adjust: {actions: [modify], call: {system: bench, post: /adjust}}
  cease: {actions: [delete], call: {system: bench, post: /cease}}
---
kind: technical_product
id: option
steps:
  switch_on: {call: {system: bench, post: /option}, undo: {call: {system: bench, delete: /option}}}
""")


def line(number: int, slow: bool = False, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "product": "item", "attributes": {"slow": slow, **more.pop("attributes", {})}, **more}


def running() -> CompiledOrder:
    """Line 1 waits, line 2 is completed, line 3 is provisioned and waits."""
    order = CompiledOrder(CATALOGUE, [line(1, slow=True), line(2), line(3, slow=True)])
    for step in ("svc.provision@1", "svc.provision@2", "svc.provision@3"):
        order.answer(step, {"id": "P"})
    order.published.clear()
    return order


@pytest.mark.parametrize("rest", [[], [line(3, slow=True, action="delete")], [line(3, action="delete")]])
def test_a_line_that_is_taken_out_is_cancelled_for_everyone_and_taken_back_once(rest: list[dict[str, Any]]) -> None:
    order = running()
    result = order.amend([line(1, slow=True), line(2), *rest])
    assert result.lines_removed == ["3"]
    order.answer("svc.provision@3")
    assert order.methods("svc.provision@3") == ["post", "delete"]
    assert "svc.cease@3" not in order.run.position_by_id
    assert sorted(order.told("line.")) == ["line.cancelled 3", "line.cancelled svc@3"]
    assert order.told("order.amended") == ["order.amended"]
    assert [data for type_, data in order.published if type_ == "order.amended"] == [
        {"revision": 2, "by": "ann", "reason": "asked to"}
    ]
    states = order.line_states()
    assert (states["3"], states["svc@3"]) == ("cancelled", "cancelled")
    order.event("live")
    assert order.order_state() == "completed"


def test_the_same_delete_sent_again_changes_nothing() -> None:
    order = running()
    wanted = [line(1, slow=True), line(2), line(3, slow=True, action="delete")]
    order.amend(wanted)
    assert order.amend(wanted).already


def test_a_completed_line_that_is_deleted_is_ceased_and_not_undone() -> None:
    order = running()
    order.amend([line(1, slow=True), line(2, action="delete"), line(3, slow=True)])
    assert order.states()["svc.cease@2"] == "in_progress"
    assert order.methods("svc.provision@2") == ["post"]
    assert order.line_states()["2"] == "in_progress"
    order.answer("svc.cease@2")
    assert order.line_states()["2"] == "completed"
    order.amend([line(1, slow=True), line(2), line(3, slow=True)])
    order.answer("svc.provision@2")
    assert order.methods("svc.provision@2") == ["post", "delete", "post"]


def test_a_modify_line_that_is_deleted_keeps_its_delete_steps() -> None:
    modified = {"action": "modify", "previous": {"attributes": {"slow": False}}}
    order = CompiledOrder(CATALOGUE, [line(1, slow=True), line(2, slow=True, **modified)])
    order.amend([line(1, slow=True), line(2, action="delete")])
    assert "svc.cease@2" in order.run.position_by_id


def test_a_line_that_never_began_is_cancelled_too() -> None:
    catalogue = catalogue_in("""
kind: commercial_product
id: item
steps: {start: {event: {name: go}}, end: {after: [start], milestone: true}}
""")
    order = CompiledOrder(catalogue, [{"id": "1", "product": "item"}, {"id": "2", "product": "item"}])
    order.amend([{"id": "1", "product": "item"}])
    assert order.told("line.")[-1] == "line.cancelled 2"
    assert order.line_states()["2"] == "cancelled"


def test_a_fulfilment_line_that_its_order_line_no_longer_brings_is_cancelled() -> None:
    order = CompiledOrder(CATALOGUE, [line(1, slow=True, attributes={"extra": True})])
    order.answer("option.switch_on@1")
    order.published.clear()
    order.amend([line(1, slow=True)])
    order.answer("option.switch_on@1")
    assert order.told("line.") == ["line.in_progress option@1", "line.cancelled option@1"]
    assert order.line_states()["option@1"] == "cancelled"


def test_a_line_that_comes_back_is_no_longer_cancelled() -> None:
    order = running()
    order.amend([line(1, slow=True), line(2)])
    order.answer("svc.provision@3")
    order.amend([line(1, slow=True), line(2), line(3, slow=True)])
    assert order.line_states()["svc@3"] == "in_progress"
    assert order.told("line.")[-2:] == ["line.in_progress 3", "line.in_progress svc@3"]


def test_references_to_a_line_that_is_taken_back_go_with_it() -> None:
    order = running()
    order.amend([line(1, slow=True, relies_on="3"), line(2), line(3, slow=True, action="delete")])
    assert "svc.cease@3" not in order.run.position_by_id


def test_child_lines_go_with_the_line_that_is_taken_back() -> None:
    pack = {"id": "9", "product": "pack", "lines": [line(3, slow=True)]}
    order = CompiledOrder(CATALOGUE, [line(1, slow=True), pack])
    order.answer("svc.provision@3", {"id": "P"})
    order.amend([line(1, slow=True), {**pack, "action": "delete", "lines": [line(3, slow=True, action="delete")]}])
    states = order.line_states()
    assert not [id_ for id_ in order.run.position_by_id if "cease" in id_]
    assert (states["9"], states["3"]) == ("in_progress", "in_progress")


def test_a_continued_run_says_the_same() -> None:
    order = running()
    order.amend([line(1, slow=True), line(2)])
    order.answer("svc.provision@3")
    packed = encode_plan(order.run.plan)
    run, _ = order_snapshot.restore_order(order_snapshot.snapshot_order(order.run, packed), order.run.now)
    order.run = run
    order.published.clear()
    order.advance()
    assert order.told("line.") == []
    assert order.line_states()["svc@3"] == "cancelled"
