"""Idempotency keys differ between the submissions of an order's id, and stay the same within each."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from operations.submission.submit_order import _SubmitRequest, submit_order
from operations.temporal.reset_run import reset_to_last_workflow_task
from tests.support.core.plans import call, plan_of
from tests.support.workflows.order_runner import ANN, Desk, Order
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import ActionResult, CallbackDelivery, OrderAction

UNDOABLE: dict[str, Any] = {
    "a": {**call(), "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}}},
    "ok": {"manual": {"queue": "field"}, "after": ["a"]},
}
BOOKED: dict[str, Any] = {
    "booked": {"call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}}},
}
A = "camera.a@1"


async def submit(desk: Desk, steps: dict[str, Any], order_id: str = "", *, revision: bool = False) -> Order:
    order_id = order_id or f"O-{uuid.uuid4().hex[:8]}"
    desk.script.plans[order_id] = plan_of(steps, order=order_id)
    result = await submit_order(desk.client, {"id": order_id}, desk.task_queue, new_revision=revision)
    assert result.accepted
    assert not result.already_running
    return Order(desk.client, order_id)


async def cancel(order: Order) -> None:
    await order.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult)
    assert await order.ended() == "cancelled"


async def test_new_revision_repeats_no_key(desk: Desk) -> None:
    order = await submit(desk, UNDOABLE)
    await order.until_state(ok="in_progress")
    await cancel(order)
    order = await submit(desk, UNDOABLE, order.id, revision=True)
    await order.until_state(ok="in_progress")
    await cancel(order)
    keys = desk.script.keys(A)
    assert len(set(keys)) == len(keys) == 4
    first, second = keys[0].rpartition("/")[2], keys[2].rpartition("/")[2]
    expected = [f"{order.id}/{A}/{effect}/1/{token}" for token in (first, second) for effect in ("do", "undo")]
    assert keys == expected


async def test_id_that_is_free_again_repeats_no_key(desk: Desk) -> None:
    """As after its history was deleted: the number of the revision is the same."""
    order = await submit(desk, {"a": call()})
    assert await order.ended() == "completed"
    request = _SubmitRequest(order.id, {"id": order.id}, "", desk.task_queue, 1, True, uuid.uuid4().hex, 15.0)
    await desk.client.execute_update_with_start_workflow("decision", start_workflow_operation=request.start_operation())
    assert await order.ended() == "completed"
    assert len(set(desk.script.keys(A))) == 2


async def test_amended_and_retried_order_keeps_its_token(desk: Desk) -> None:
    desk.script.answers["camera.b@1"] = [failure("locked"), {}]
    order = await submit(desk, {"a": call(), "b": call(after=["a"])})
    await order.until_state(b="fatally_failed")
    await order.amend(desk.script, plan_of({"a": call(), "b": call(after=["a"]), "c": call()}, order=order.id))
    await order.act("retry", "b")
    assert await order.ended() == "completed"
    keys = [key for name in "abc" for key in desk.script.keys(f"camera.{name}@1")]
    assert len(keys) == 4
    assert len({key.rpartition("/")[2] for key in keys}) == 1


@pytest.mark.usefixtures("short_runs")
async def test_continued_order_keeps_its_token(desk: Desk) -> None:
    order = await submit(desk, {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(25)})
    assert await order.ended() == "completed"
    assert (await order.handle.describe()).run_id != order.first_run_id
    keys = [key for made in desk.script.made for key in desk.script.keys(made)]
    assert len({key.rpartition("/")[2] for key in keys}) == 1


async def test_reset_order_repeats_its_keys(desk: Desk) -> None:
    order = await submit(desk, {"a": call(), "ok": {"manual": {"queue": "field"}, "after": ["a"]}, "b": call()})
    await order.until_state(ok="in_progress", b="completed")
    run_id = (await order.handle.describe()).run_id
    await reset_to_last_workflow_task(desk.client, order.handle.id, run_id, "test")
    await order.until_state(ok="in_progress")  # the new run has made its last turn again
    await order.act("complete", "ok")
    assert await order.ended() == "completed"
    for step in (A, "camera.b@1"):
        assert len(set(desk.script.keys(step))) == 1


async def test_order_of_a_client_without_tokens_gets_one(desk: Desk) -> None:
    order_id = f"O-{uuid.uuid4().hex[:8]}"
    desk.script.plans[order_id] = plan_of({"a": call()}, order=order_id)
    for _ in range(2):
        handle = await desk.client.start_workflow(
            "FulfilOrder", {"order": {"id": order_id}}, id=f"order/{order_id}", task_queue=desk.task_queue
        )
        await handle.result()
    assert len(set(desk.script.keys(A))) == 2
    assert all(key.startswith(f"{order_id}/{A}/do/1/") for key in desk.script.keys(A))


async def test_late_callback_of_an_earlier_revision_completes_nothing(desk: Desk) -> None:
    order = await submit(desk, BOOKED)
    await order.until(lambda steps: steps["booked"].waits_for is not None)
    await cancel(order)
    order = await submit(desk, BOOKED, order.id, revision=True)
    await order.until(lambda steps: steps["booked"].waits_for is not None)
    first, second = desk.script.keys("camera.booked@1")
    for key, status in ((first, "late"), (second, "completed")):
        delivery = CallbackDelivery(step="camera.booked@1", key=key, payload={}, event_id=f"cb {key}")
        answer: Any = await order.handle.execute_update("callback", delivery)
        assert answer["status"] == status
    assert await order.ended() == "completed"
