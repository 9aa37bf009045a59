"""Compensation on a real server against the sandbox: what its own records hold is what the order's end says."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.calls.call_system import SystemCalls
from activities.systems.connections import ConnectionPools
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from compiler.language.systems import System
from tests.sandbox.conftest import Sandbox
from tests.support.servers.temporal import working
from tests.support.workflows.order_runner import ANN, Desk, Order
from tests.support.workflows.scripted_activities import Script
from workflows.contract.order_messages import ActionResult, OrderAction

SECRETS = {"INVENTORY_TOKEN": "t-inventory", "LOGISTICS_API_KEY": "k-logistics", "BILLING_TOKEN": "t-billing"}
AUTH: dict[str, Any] = {
    "inventory": {"bearer": {"env": "INVENTORY_TOKEN"}},
    "logistics": {"api_key": {"header": "X-Api-Key", "value": {"env": "LOGISTICS_API_KEY"}}},
    "billing": {"bearer": {"env": "BILLING_TOKEN"}},
}
QUICKLY = {"max_attempts": 2, "initial": "10ms"}


def reserve(sku: str, **further: Any) -> dict[str, Any]:
    return {
        "call": {"system": "inventory", "post": "/reservations", "body": {"sku": sku, "quantity": 2}},
        "undo": {"call": {"system": "inventory", "delete": "/reservations/${output.id}"}, "retry": QUICKLY},
        "retry": QUICKLY,
        "timeout": "1s",
        **further,
    }


STEPS: dict[str, Any] = {
    "hub": reserve("hub-1"),
    "camera": reserve("cam-indoor"),
    "ship": {
        "call": {
            "system": "logistics",
            "post": "/shipments",
            "body": {"reservations": ["${steps.hub.output.id}", "${steps.camera.output.id}"]},
        },
        "undo": {"call": {"system": "logistics", "delete": "/shipments/${output.id}"}},
        "after": ["hub", "camera"],
    },
    "wait": {"manual": {"queue": "desk"}, "after": ["ship"]},
    "invoice": {
        "call": {"system": "billing", "post": "/invoices", "body": {"amount": 10.0, "text": "An alarm"}},
        "undo": {"call": {"system": "billing", "post": "/invoices/${output.id}/credit"}},
        "after": ["wait"],
        "point_of_no_return": True,
    },
    "paid": {"event": {"name": "paid"}, "after": ["invoice"]},
}


class RealSystems:
    """The sandbox's, as the activities find them."""

    def __init__(self, url: str) -> None:
        self._known: dict[str, ResolvedSystem] = {}
        for name, auth in AUTH.items():
            system = System.model_validate({
                "id": name, "name": name, "base_url": f"{url}/{name}", "auth": auth,
                "error_code": "response.body.error.code",
            })  # fmt: skip
            self._known[name] = resolve_system(system, SECRETS)

    def system(self, id_: str) -> ResolvedSystem | None:
        return self._known.get(id_)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("sandbox") / "data.sqlite"
    sandbox = Sandbox(data, SECRETS)
    yield sandbox
    sandbox.close()


class Shop:
    """Orders against the sandbox, and what its records hold of one."""

    def __init__(self, desk: Desk, sandbox: Sandbox) -> None:
        self.desk = desk
        self.sandbox = sandbox

    async def order(self, steps: dict[str, Any] = STEPS) -> Order:
        return await self.desk.submit(steps)

    def records(self, order: Order) -> dict[str, list[str]]:
        """The states of what the order's calls made, by kind."""
        made = {row["resource"] for row in self.sandbox.log(key_prefix=f"{order.id}/")}
        found: dict[str, list[str]] = {}
        for kinds in self.sandbox.http.get("/_state").json().values():
            for kind, rows in kinds.items():
                found.setdefault(kind, []).extend(row["state"] for row in rows if row["id"] in made)
        return {kind: sorted(states) for kind, states in found.items() if states}


@asynccontextmanager
async def shop_of(environment: WorkflowEnvironment, sandbox: Sandbox) -> AsyncIterator[Shop]:
    sandbox.http.post("/_reset").raise_for_status()
    task_queue = f"tests-{uuid.uuid4().hex[:8]}"
    script, connections = Script(environment.client, task_queue), ConnectionPools()
    real = SystemCalls(RealSystems(str(sandbox.http.base_url).rstrip("/")), connections)
    calls = [real.call_system, real.poll_system]
    async with working(environment.client, task_queue, script.activities, calls, tuple(AUTH), cached=0):
        yield Shop(Desk(environment.client, task_queue, script), sandbox)
    await connections.close()


@pytest.fixture
async def shop(temporal: WorkflowEnvironment, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    async with shop_of(temporal, sandbox) as shop:
        yield shop


async def act(order: Order, name: str, **further: Any) -> ActionResult:
    answer: ActionResult = await order.handle.execute_update(
        name, OrderAction(actor=ANN, **further), result_type=ActionResult
    )
    return answer


async def test_a_cancel_before_the_point_of_no_return_puts_everything_back(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    assessed = (await act(order, "cancel", assess=True)).assessment
    assert assessed is not None
    assert len(assessed.undone) == 4
    assert not assessed.refused
    answer = await act(order, "cancel")
    assert answer.assessment == assessed
    assert await order.ended() == "cancelled"
    assert await order.states() == {
        "hub": "cancelled", "camera": "cancelled", "ship": "cancelled", "wait": "cancelled", "invoice": "discarded",
        "paid": "discarded",
    }  # fmt: skip
    assert shop.records(order) == {"reservation": ["released", "released"], "shipment": ["recalled"]}


async def test_a_cancel_past_it_is_refused_by_name_and_a_roll_back_leaves_what_has_to_stay(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await order.act("complete", "wait")
    await order.until_state(paid="in_progress")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await act(order, "cancel")
    assert "camera.invoice@1" in str(refused.value.cause)
    await act(order, "rollback")
    assert await order.ended() == "partial"
    assert (await order.states())["paid"] == "cancelled"
    assert shop.records(order)["reservation"] == ["shipped", "shipped"]


async def test_an_overridden_point_of_no_return_is_undone_and_the_reason_kept(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await order.act("complete", "wait")
    await order.until_state(paid="in_progress")
    await act(order, "cancel", override="agreed with the customer")
    assert await order.ended() == "cancelled"
    assert shop.records(order)["invoice"] == ["credited"]
    assert "agreed with the customer" in [entry.reason for entry in (await order.view()).history]


@pytest.mark.parametrize("act_name", ["retry", "complete", "skip"])
async def test_an_undo_that_fails_waits_for_a_person(shop: Shop, act_name: str) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    shop.sandbox.fault(kind="refuse", system="logistics", method="DELETE", code="on_its_way")
    await act(order, "cancel")
    steps = await order.until(lambda now: now["ship"].undo is not None and now["ship"].undo.state == "fatally_failed")
    assert steps["ship"].undo is not None
    assert steps["ship"].undo.error is not None
    assert steps["ship"].undo.error.code == "on_its_way"
    assert (await order.view()).fallout == 1
    assert (await order.view()).state == "pending_cancellation"
    assert steps["hub"].state == "completed"
    if act_name != "retry":  # a person has seen to it, or leaves it
        for shipment in shop.sandbox.http.get("/_state").json()["logistics"]["shipment"]:
            headers = {"X-Api-Key": "k-logistics"}
            shop.sandbox.http.delete(f"/logistics/shipments/{shipment['id']}", headers=headers).raise_for_status()
    await order.act(act_name, "ship")
    assert await order.ended() == "cancelled"
    assert shop.records(order) == {"reservation": ["released", "released"], "shipment": ["recalled"]}


@pytest.mark.parametrize("kind", ["drop", "drop_before", "slow"])
async def test_a_call_whose_outcome_nobody_knows_leaves_nothing_behind(shop: Shop, kind: str) -> None:
    shop.sandbox.fault(kind=kind, system="inventory", method="POST", times=4, seconds=2)
    order = await shop.order({"hub": STEPS["hub"], "camera": STEPS["camera"]})
    await order.until_state(hub="fatally_failed", camera="fatally_failed")
    await act(order, "cancel")
    assert await order.ended() == "cancelled"
    assert shop.records(order) == {"reservation": ["released", "released"]}


async def test_on_failure_the_order_rolls_back_by_itself(shop: Shop) -> None:
    steps = STEPS | {"ship": STEPS["ship"] | {"on_failure": {"rollback": "order"}}}
    shop.sandbox.fault(kind="refuse", system="logistics", method="POST", code="no_carrier")
    order = await shop.order(steps)
    assert await order.ended() == "failed"
    assert shop.records(order) == {"reservation": ["released", "released"]}
    assert (await order.steps())["ship"].error is not None


async def test_a_redo_is_a_new_effect_in_the_systems_records(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await act(order, "redo", step="camera.ship@1")
    await order.until(lambda now: now["ship"].undo is None and now["wait"].state == "in_progress")
    assert shop.records(order)["shipment"] in (["in_transit", "recalled"], ["delivered", "recalled"])
    assert shop.records(order)["reservation"] == ["shipped", "shipped"]
    await act(order, "cancel")
    assert await order.ended() == "cancelled"
    assert shop.records(order)["reservation"] == ["released", "released"]


async def test_a_held_order_starts_nothing_until_it_is_resumed(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await act(order, "hold")
    await order.act("complete", "wait")
    await order.until_state(invoice="on_hold")
    assert (await order.view()).state == "held"
    assert "invoice" not in shop.records(order)
    await act(order, "resume")
    await order.until_state(paid="in_progress")
    assert shop.records(order)["invoice"] == ["issued"]
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_a_cancel_with_temporals_own_tools_is_a_cancel(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await order.handle.cancel()
    assert await order.ended() == "cancelled"
    assert shop.records(order) == {"reservation": ["released", "released"], "shipment": ["recalled"]}
    assert "Temporal" in [entry.by for entry in (await order.view()).history]


async def test_past_the_point_of_no_return_it_is_refused_in_the_history_and_the_order_goes_on(shop: Shop) -> None:
    order = await shop.order()
    await order.until_state(wait="in_progress")
    await order.act("complete", "wait")
    await order.until_state(paid="in_progress")
    await order.handle.cancel()
    await order.set(noticed=True)
    noted = [entry for entry in (await order.view()).history if entry.what == "not cancelled"]
    assert "camera.invoice@1" in str(noted[0].reason)
    await order.event("paid")
    assert await order.ended() == "completed"
