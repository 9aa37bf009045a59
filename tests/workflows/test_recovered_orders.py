"""Orders that were ended with Temporal's own tools: how they are told, and how they go on."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkFilter, BulkPacing
from operations.client import OrderClient
from operations.errors import OperationRefused
from tests.support.core.plans import call, plan_of
from tests.support.servers.temporal import until_at_rest
from tests.support.workflows.order_runner import ANN, Desk, Order
from tests.support.workflows.scripted_activities import failure, hanging
from workflows.contract import actions
from workflows.contract.order_messages import CallbackDelivery, EventDelivery, RecoverOrder, StepAction
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import OrderState

STEPS: dict[str, Any] = {
    "a": call(),
    "visit": {"manual": {"queue": "field"}, "after": ["a"]},
    "paid": {"event": {"name": "paid"}},
    "b": call(after=["visit", "paid"]),
}
RECOVER = RecoverOrder(actor=ANN)


class Office:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.orders = desk, OrderClient(desk.client, desk.task_queue)
        self.customer = f"C-{uuid.uuid4().hex[:8]}"

    async def submit(self, steps: dict[str, Any], order_id: str = "", *, revision: bool = False) -> Order:
        order_id = order_id or f"O-{uuid.uuid4().hex[:8]}"
        self.desk.script.plans[order_id] = plan_of(steps, order=order_id, customer={"id": self.customer})
        result = await self.orders.submit({"id": order_id}, new_revision=revision)
        assert (result.accepted, result.already_running) == (True, False)
        return Order(self.desk.client, order_id)

    async def terminated(self, steps: dict[str, Any], **states: str) -> Order:
        order = await self.submit(steps)
        await order.until_state(**states)
        await until_at_rest(order.handle)
        await order.handle.terminate(reason="by mistake")
        return order

    async def recover(self, order: Order) -> str:
        return (await self.orders.perform_action(order.id, actions.RECOVER, RECOVER)).message

    async def listed(self, **criteria: Any) -> dict[str, Any]:
        page = await self.orders.list_orders(OrderFilter(limit=1000, customer=self.customer, **criteria))
        return {order.order_id: order for order in page.orders}

    async def refusal(self, operation: Awaitable[Any]) -> OperationRefused:
        with pytest.raises(OperationRefused) as caught:
            await operation
        return caught.value


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Visibility lags by about a second."""
    for _ in range(100):
        if await holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("visibility did not catch up")


async def test_terminated_order_is_told_as_what_it_is(office: Office) -> None:
    order = await office.terminated(STEPS, visit="in_progress", paid="in_progress")
    details, (blocker,) = await office.orders.find_blockers(order.id)
    assert details.order.state is OrderState.FAILED
    assert details.order.ended_at is not None
    interrupted = details.order.interrupted
    assert interrupted is not None
    assert (interrupted.kind, interrupted.reason) == (InterruptionKind.TERMINATED, "by mistake")
    assert "was terminated by" in blocker.sentence
    assert [action.action for action in blocker.actions] == ["recover"]
    assert {step.waits_for for step in details.steps if step.state == "in_progress"} == {"the order's recovery"}
    step = details.steps[1].id
    _, (of_step,) = await office.orders.find_blockers(order.id, step)
    assert of_step.actions == blocker.actions

    async def is_listed() -> bool:
        return order.id in await office.listed(states=(OrderState.FAILED,))

    await eventually(is_listed)
    assert (await office.listed(fallout=True))[order.id].interrupted is InterruptionKind.TERMINATED
    assert order.id not in await office.listed(states=(OrderState.IN_PROGRESS,))
    own_tasks = WorkFilter(customer=office.customer)
    for worklist in (await office.orders.list_fallout(), await office.orders.list_tasks(own_tasks)):
        assert order.id in [each.order_id for each in worklist.interrupted]
        assert order.id not in [item.order_id for item in worklist.items]


async def test_terminated_order_takes_no_action_and_no_submission_and_names_the_way_back(office: Office) -> None:
    order = await office.terminated(STEPS, visit="in_progress")
    complete = StepAction(step="camera.visit@1", actor=ANN)
    for operation in (
        office.orders.perform_action(order.id, actions.COMPLETE, complete),
        office.orders.submit({"id": order.id}),
        office.orders.submit({"id": order.id, "other": "content"}),
    ):
        error = await office.refusal(operation)
        assert (error.code, error.reason) == ("ended", "interrupted")
        assert "was terminated" in error.message
        assert error.alternatives[0].action == "recover"
        assert error.alternatives[0].parameters == {"order_id": order.id}
    assert len(await order.run_ids()) == 1


async def test_recovered_order_goes_on_as_if_nothing_had_been(office: Office) -> None:
    order = await office.terminated(STEPS, visit="in_progress", paid="in_progress")
    event = EventDelivery(event_id="e-1", name="paid", payload={"amount": 1})
    assert (await office.orders.deliver_event(order.id, event)).status == "kept"
    message = await office.recover(order)
    assert "was terminated" in message
    steps = await order.until_state(paid="completed", visit="in_progress")
    assert steps["paid"].output == {"amount": 1}
    await order.act("complete", "visit")
    assert await order.ended() == "completed"
    assert len(set(office.desk.script.keys("camera.a@1"))) == 1
    notes = [(entry.by, entry.reason or "") for entry in (await order.view()).history if entry.what == "note"]
    assert [by for by, _ in notes] == ["ann"]
    assert notes[0][1].startswith("recovered: it was terminated by")

    async def counted_once() -> bool:
        listed = await office.listed(states=(OrderState.FAILED,))
        return order.id not in listed and order.id in await office.listed(states=(OrderState.COMPLETED,))

    await eventually(counted_once)
    assert await office.orders.count_orders(OrderFilter(customer=office.customer)) == {OrderState.COMPLETED: 1}


async def test_call_under_way_is_made_again_with_its_key(office: Office) -> None:
    office.desk.script.answers["camera.a@1"] = [hanging, {"id": "A-1"}]
    order = await office.submit({"a": call(), "ok": {"manual": {"queue": "field"}}})
    await order.until(lambda _steps: bool(office.desk.script.made["camera.a@1"]))
    await order.handle.terminate()
    await office.recover(order)
    await order.until_state(a="completed")
    assert len(set(office.desk.script.keys("camera.a@1"))) == 1


async def test_callback_for_a_terminated_order_is_to_be_sent_again(office: Office) -> None:
    steps = {"booked": {"call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}}}}
    order = await office.submit(steps)
    await order.until(lambda steps: steps["booked"].waits_for is not None)
    await order.handle.terminate()
    (key,) = office.desk.script.keys("camera.booked@1")
    callback = CallbackDelivery(step="camera.booked@1", key=key, payload={}, event_id="cb-1")
    error = await office.refusal(office.orders.deliver_callback(order.id, callback))
    assert (error.code, error.reason, error.http_status) == ("no_worker", "interrupted", 503)
    await office.recover(order)
    await order.until(lambda steps: steps["booked"].waits_for is not None)
    assert (await office.orders.deliver_callback(order.id, callback)).status == "completed"
    assert await order.ended() == "completed"


async def test_fallout_of_a_terminated_order_is_resolved_after_its_recovery(office: Office) -> None:
    office.desk.script.answers["camera.a@1"] = [failure("locked"), {}]
    order = await office.terminated({"a": call()}, a="fatally_failed")
    await office.recover(order)
    await order.act("retry", "a")
    assert await order.ended() == "completed"


async def test_order_that_was_terminated_twice_is_recovered_twice(office: Office) -> None:
    order = await office.terminated(STEPS, visit="in_progress")
    await office.recover(order)
    await order.until_state(visit="in_progress")
    await order.handle.terminate()
    await office.recover(order)
    await order.act("complete", "visit")
    await order.event("paid")
    assert await order.ended() == "completed"


@pytest.mark.usefixtures("short_runs")
async def test_order_that_continued_as_new_is_neither_started_again_nor_lost(office: Office) -> None:
    steps: dict[str, Any] = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(25)}
    order = await office.terminated(steps | {"visit": {"manual": {"queue": "field"}}}, s24="completed")
    assert (await office.refusal(office.orders.submit({"id": order.id}))).reason == "interrupted"
    await office.recover(order)
    await order.act("complete", "visit")
    assert await order.ended() == "completed"
    assert all(len(set(office.desk.script.keys(step))) == 1 for step in office.desk.script.made)


async def test_order_that_no_worker_had_begun_is_recovered(office: Office) -> None:
    nobody = f"nobody-{uuid.uuid4().hex[:8]}"
    elsewhere = OrderClient(office.desk.client, nobody)
    order = Order(office.desk.client, f"O-{uuid.uuid4().hex[:8]}")
    assert (await elsewhere.submit({"id": order.id}, decision_timeout=0.5)).waiting_for_worker
    await order.handle.terminate()
    assert (await office.refusal(elsewhere.submit({"id": order.id}, decision_timeout=0.5))).reason == "interrupted"
    await elsewhere.perform_action(order.id, actions.RECOVER, RECOVER)
    assert (await order.handle.describe()).status == 1


@pytest.mark.parametrize("ends", ["running", "completed"])
async def test_only_an_order_that_was_ended_from_outside_is_recovered(office: Office, ends: str) -> None:
    order = await office.submit(STEPS if ends == "running" else {"a": call()})
    if ends == "completed":
        await order.ended()
    error = await office.refusal(office.orders.perform_action(order.id, actions.RECOVER, RECOVER))
    assert (error.code, error.reason) == ("not_now" if ends == "running" else "ended", "not_interrupted")
    if ends == "running":
        assert (await order.states())["paid"] == "in_progress"


async def test_newer_revision_is_never_replaced_by_a_recovered_one(office: Office) -> None:
    order = await office.terminated(STEPS, visit="in_progress")
    await office.submit(STEPS, order.id, revision=True)
    run_id = (await order.handle.describe()).run_id
    error = await office.refusal(office.orders.perform_action(order.id, actions.RECOVER, RECOVER))
    assert error.code == "not_now"
    assert (await order.handle.describe()).run_id == run_id

    async def is_told_once() -> bool:
        listed = await office.listed()
        return listed[order.id].run_id == run_id and order.id not in await office.listed(states=(OrderState.FAILED,))

    await eventually(is_told_once)


async def test_rejected_order_may_still_be_sent_again(office: Office) -> None:
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    office.desk.script.findings[order_id] = [{"code": "x", "message": "no"}]
    assert not (await office.orders.submit({"id": order_id})).accepted
    del office.desk.script.findings[order_id]
    order = await office.submit({"a": call()}, order_id)
    assert await order.ended() == "completed"


async def test_all_terminated_orders_are_recovered_at_once(office: Office) -> None:
    orders = [await office.terminated(STEPS, visit="in_progress") for _ in range(2)]
    command = BulkCommand(actions.RECOVER, ANN, BulkFilter(customer=office.customer))
    ids = {order.id for order in orders}

    async def all_are_meant() -> bool:
        selection = await office.orders.select_bulk_targets(command)
        return ids <= {target.order_id for target in selection.targets}

    await eventually(all_are_meant)
    selection = await office.orders.select_bulk_targets(command)
    mine = [target for target in selection.targets if target.order_id in ids]
    runner = office.orders.create_bulk_runner(command, BulkPacing(per_second=100))
    outcomes = [result.outcome async for result in runner.run(mine)]
    assert outcomes == ["done", "done"]
    for order in orders:
        await order.until_state(visit="in_progress")
    by_code = BulkCommand(actions.RECOVER, ANN, BulkFilter(code="locked"))
    assert (await office.refusal(office.orders.select_bulk_targets(by_code))).code == "invalid"
