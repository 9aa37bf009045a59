"""Input that a person has corrected: it stays until the value that it replaces changes, and everyone can see it."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.plan.codec import encode_plan
from tests.support.compiler.written_catalogues import catalogue_in
from tests.support.core.compiled_orders import CompiledOrder
from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call
from workflows.contract.order_messages import OrderAction, RefusalCode, StepAction
from workflows.core.continue_as_new import order_snapshot
from workflows.core.steps.refusal import RequestRefused

CATALOGUE = catalogue_in("""
kind: system
id: bench
base_url: http://bench.example
---
kind: commercial_product
id: offer
attributes: {address: {type: string, required: true}, note: {type: string, default: none}}
decomposes_to: [{product: job}]
---
kind: technical_product
id: job
attributes: {address: {type: string, required: true}, note: {type: string, default: none}}
steps:
  ship:
    call: {system: bench, post: /ship, body: {address: "${attributes.address}", quantity: "${quantity}"}}
    undo: {call: {system: bench, delete: /ship}}
  tell:
    after: [ship]
    call: {system: bench, get: /tell, query: {to: "${attributes.address}", id: "${steps.ship.output.id}"}}
  end: {after: [tell], event: {name: end}}
""")
WRONG, RIGHT = "Mill Lnae 9", "Mill Lane 9"


def lines(address: str = WRONG, quantity: int = 1, **attributes: Any) -> list[dict[str, Any]]:
    return [{"id": "1", "product": "offer", "quantity": quantity, "attributes": {"address": address, **attributes}}]


def corrected() -> CompiledOrder:
    """Shipped to the right address."""
    order = CompiledOrder(CATALOGUE, lines())
    order.fail("job.ship@1", "unknown_address")
    retry(order, "job.ship@1", address=RIGHT)
    order.answer("job.ship@1", {"id": "S-1"})
    return order


def retry(order: OrderDriver, step: str, **data: Any) -> None:
    order.perform("retry", StepAction(step=step, actor=ANN, data=data))


def redo(order: OrderDriver, **options: Any) -> Any:
    return order.perform("redo", OrderAction(actor=ANN, step="job.ship@1", **options))


def shipped_to(order: CompiledOrder) -> Any:
    """The input of the call, once the step is undone and done again."""
    if order.step("job.tell@1").in_flight:
        order.answer("job.tell@1", {})
    calls = len(order.started("job.ship@1"))
    order.answer("job.ship@1", {})
    assert len(order.started("job.ship@1")) == calls + 1
    return order.request("job.ship@1").body


def test_a_correction_stays_when_something_else_is_amended() -> None:
    order = corrected()
    order.amend(lines(quantity=2))
    assert shipped_to(order) == {"address": RIGHT, "quantity": 2}


def test_a_correction_stays_when_the_step_is_redone_and_after_that() -> None:
    order = corrected()
    for _ in range(2):
        redo(order)
        assert shipped_to(order) == {"address": RIGHT, "quantity": 1}
        order.answer("job.ship@1", {"id": "S-2"})


def test_a_correction_stays_across_runs() -> None:
    order = corrected()
    order.answer("job.tell@1")
    packed = encode_plan(order.run.plan)
    order.run, _ = order_snapshot.restore_order(order_snapshot.snapshot_order(order.run, packed), order.run.now)
    order.amend(lines(quantity=2))
    assert shipped_to(order) == {"address": RIGHT, "quantity": 2}


def test_a_correction_ends_when_the_same_value_is_amended_and_does_not_come_back() -> None:
    order = corrected()
    order.amend(lines("Elm Street 1"))
    assert shipped_to(order) == {"address": "Elm Street 1", "quantity": 1}
    assert "correction of address ended: its value has changed" in [
        entry.message for entry in order.run.audit_log.entries
    ]
    order.answer("job.ship@1", {"id": "S-2"})
    order.amend(lines(WRONG))
    assert shipped_to(order) == {"address": WRONG, "quantity": 1}


def test_a_correction_of_a_query_that_reads_another_step_ends_with_that_output() -> None:
    order = corrected()
    order.fail("job.tell@1")
    retry(order, "job.tell@1", id="S-9", to=RIGHT)
    assert order.request("job.tell@1").query == {"to": RIGHT, "id": "S-9"}
    order.answer("job.tell@1", {})
    redo(order)
    shipped_to(order)
    order.answer("job.ship@1", {"id": "S-2"})
    assert order.request("job.tell@1").query == {"to": RIGHT, "id": "S-2"}


def test_the_dry_run_the_assessment_the_history_and_the_view_show_a_correction() -> None:
    order = corrected()
    shown = [{"name": "address", "value": RIGHT, "instead_of": WRONG, "ends": False}]
    (ship, *_) = order.amend(lines(quantity=2), dry_run=True).steps
    assert [each.model_dump() for each in ship.corrections] == shown
    (ship, *_) = order.amend(lines("Elm Street 1"), dry_run=True).steps
    assert [each.ends for each in ship.corrections] == [True]
    assessment = redo(order, assess=True).assessment
    assert [each.model_dump() for each in assessment.corrections["job.ship@1"]] == shown
    assert [each.model_dump() for each in order.view("job.ship@1").corrections] == shown
    assert f"retried with address={RIGHT}" in [entry.message for entry in order.run.audit_log.entries]


def test_a_name_that_the_input_does_not_have_is_refused_with_the_near_one() -> None:
    order = CompiledOrder(CATALOGUE, lines())
    order.fail("job.ship@1")
    with pytest.raises(
        RequestRefused, match=r"has no input `adress` \(it has: address, quantity\); did you mean `address`\?"
    ) as refused:
        retry(order, "job.ship@1", adress=RIGHT)
    assert (refused.value.code, refused.value.details.reason) == (RefusalCode.INVALID, "unknown_input")
    assert order.states()["job.ship@1"] == "fatally_failed"


def test_what_sends_no_data_takes_none() -> None:
    driven = OrderDriver({"a": {"call": {"system": "shop", "post": "/x"}}})
    driven.fail("a")
    with pytest.raises(RequestRefused, match="it sends no data"):
        driven.step_action("retry", "a", {"x": 1})


def test_a_body_without_fixed_names_takes_any() -> None:
    driven = OrderDriver({"a": {"call": {"system": "shop", "post": "/x", "body": "${order.customer}"}}})
    driven.fail("a")
    driven.step_action("retry", "a", {"name": "Elm"})
    assert driven.request("a").body["name"] == "Elm"


def test_an_activitys_input_is_corrected_too() -> None:
    driven = OrderDriver({"a": {"activity": "greet", "with": {"name": "${order.customer.name}"}}, "b": call()})
    driven.fail("a")
    with pytest.raises(RequestRefused, match="did you mean `name`"):
        driven.step_action("retry", "a", {"nane": "x"})
    driven.step_action("retry", "a", {"name": "Ann"})
    driven.answer("a")
    driven.order_action("redo", "a")
    assert driven.started("a")[-1].request.model_dump()["with_"] == {"name": "Ann"}


def test_an_order_that_began_before_corrections_stayed_decides_as_it_did() -> None:
    order = CompiledOrder(CATALOGUE, lines())
    order.run.is_patched = lambda _patch: False
    order.fail("job.ship@1")
    retry(order, "job.ship@1", adress="x")
    order.answer("job.ship@1", {"id": "S-1"})
    redo(order)
    assert shipped_to(order) == {"address": WRONG, "quantity": 1}
