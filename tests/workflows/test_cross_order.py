"""Orders that wait for each other's steps, on real servers; every workflow is replayed at every task."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from tests.support.core.plans import call, plan_of
from tests.support.workflows.order_runner import ANN, DEADLINE, Desk, Order, desk_on
from workflows.contract.order_messages import ActionResult, OrderAction, mailbox_workflow_id

LATER: dict[str, Any] = {"ship": {"manual": {"queue": "stock"}}, "other": {"manual": {"queue": "stock"}}}


def waiting_for(order_id: str, **further: Any) -> dict[str, Any]:
    return {"a": call(after=[{"order": order_id, "step": "ship", **further}])}


async def submitted(desk: Desk, order_id: str, steps: dict[str, Any]) -> Order:
    desk.script.plans[order_id] = plan_of(steps, order=order_id)
    assert (await desk.send(order_id)).accepted
    return Order(desk.client, order_id)


def new_id() -> str:
    return f"O-{uuid4().hex[:8]}"


async def test_a_step_waits_for_a_step_of_an_order_that_runs(desk: Desk) -> None:
    first = await desk.submit(LATER)
    second = await desk.submit(waiting_for(first.id))
    await second.until(lambda steps: bool(steps["a"].other_orders))
    await first.act("complete", "ship")
    assert await second.ended() == "completed"
    assert (await first.states()) == {"ship": "completed", "other": "in_progress"}


async def test_a_step_waits_for_a_step_of_an_order_that_comes_later(desk: Desk) -> None:
    later = new_id()
    second = await desk.submit(waiting_for(later))
    await second.until(lambda steps: any(each.absent for each in steps["a"].other_orders))
    first = await submitted(desk, later, LATER)
    await desk.client.get_workflow_handle(mailbox_workflow_id(later)).signal("order_started")
    await first.act("complete", "ship")
    assert await second.ended() == "completed"


async def test_a_step_of_an_order_that_has_ended_is_done_already(desk: Desk) -> None:
    first = await desk.submit({"ship": call()})
    await first.ended()
    second = await desk.submit(waiting_for(first.id))
    assert await second.ended() == "completed"


async def test_a_step_that_will_not_be_done_there_leaves_the_one_that_waits_in_fallout(desk: Desk) -> None:
    ended = await desk.submit({"other": call()})
    await ended.ended()
    running = await desk.submit({"other": {"manual": {"queue": "stock"}}})
    forced = await desk.submit(LATER)
    await forced.handle.terminate()
    found = {}
    for name, other in (("ended", ended), ("running", running), ("forced", forced)):
        order = await desk.submit(waiting_for(other.id))
        steps = await order.until_state(a="fatally_failed")
        assert steps["a"].error is not None
        found[name] = steps["a"].error.code
    assert found == {"ended": "no_such_step", "running": "no_such_step", "forced": "other_order_ended"}


async def test_a_step_of_an_order_that_is_cancelled_will_not_be_done(desk: Desk) -> None:
    first = await desk.submit(LATER)
    waits = await desk.submit(waiting_for(first.id))
    await waits.until(lambda steps: bool(steps["a"].other_orders))
    await first.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult, rpc_timeout=DEADLINE)
    assert await first.ended() == "cancelled"
    late = await desk.submit(waiting_for(first.id))
    for order in (waits, late):
        error = (await order.until_state(a="fatally_failed"))["a"].error
        assert error is not None
        assert error.code == "other_step_undone"


async def test_an_order_that_is_not_there_in_time_is_a_timeout(skipping: WorkflowEnvironment) -> None:
    async with desk_on(skipping.client) as desk:
        order = await desk.submit(waiting_for(new_id(), within="5d"))
        steps = await order.until_state(a="fatally_failed")
        error = steps["a"].error
        assert error is not None
        assert error.code == "timeout"


async def test_an_order_that_never_comes_is_waited_for_thirty_days(skipping: WorkflowEnvironment) -> None:
    async with desk_on(skipping.client) as desk:
        order = await desk.submit(waiting_for(new_id()))
        steps = await order.until_state(a="fatally_failed")
        error = steps["a"].error
        assert error is not None
        assert error.code == "no_such_order"


async def test_a_rejected_orders_id_is_free_and_the_order_is_waited_for(desk: Desk) -> None:
    later = new_id()
    desk.script.findings[later] = [{"code": "unknown-product", "message": "there is no product `x`"}]
    assert not (await desk.send(later)).accepted
    second = await desk.submit(waiting_for(later))
    await second.until(lambda steps: any(each.absent for each in steps["a"].other_orders))
    del desk.script.findings[later]
    first = await submitted(desk, later, LATER)
    await desk.client.get_workflow_handle(mailbox_workflow_id(later)).signal("order_started")
    await first.act("complete", "ship")
    assert await second.ended() == "completed"


async def test_an_order_that_comes_and_is_over_at_once_is_found_by_asking_again(
    skipping: WorkflowEnvironment,
) -> None:
    """Nobody tells its mailbox that it has come."""
    async with desk_on(skipping.client) as desk:
        later = new_id()
        with skipping.with_time_skipping_disabled():
            second = await desk.submit(waiting_for(later, within="5d"))
            await second.until(lambda steps: any(each.absent for each in steps["a"].other_orders))
            await (await submitted(desk, later, {"ship": call()})).ended()
        await skipping.fast_forward(second.handle, timedelta(minutes=2))
        assert await second.ended() == "completed"


async def test_many_orders_may_wait_for_one_step(quick_desk: Desk) -> None:
    first = await quick_desk.submit(LATER)
    others = await asyncio.gather(*(quick_desk.submit(waiting_for(first.id)) for _ in range(20)))
    await first.act("complete", "ship")
    assert await asyncio.gather(*(order.ended() for order in others)) == ["completed"] * 20


async def test_two_orders_that_wait_for_each_other_both_show_it(desk: Desk) -> None:
    one, two = new_id(), new_id()
    first = await submitted(desk, one, {"ship": call(after=[{"order": two, "step": "ship"}])})
    second = await submitted(desk, two, {"ship": call(after=[{"order": one, "step": "ship"}])})
    for order, other in ((first, two), (second, one)):
        steps = await order.until(lambda steps: bool(steps["ship"].other_orders))
        assert steps["ship"].state == "pending"
        assert steps["ship"].waits_for == f"step ship of order {other}"
