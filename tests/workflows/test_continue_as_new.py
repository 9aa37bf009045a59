"""Runs that continue as another one, in the middle of everything."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from tests.support.core.plans import call
from tests.support.workflows.order_runner import ANN, KEY_TOKEN, Desk
from tests.support.workflows.scripted_activities import failure, hanging
from tests.support.workflows.short_runs import first_run
from workflows.contract.order_messages import ActionResult, OrderAction
from workflows.shell import order_loop

E = EventType


@pytest.mark.usefixtures("short_runs")
async def test_a_long_order_continues_as_new_and_every_effect_takes_place_once(desk: Desk) -> None:
    steps = {f"s{number}": call(after=[f"s{number - 3}"] if number > 2 else []) for number in range(60)}
    order = await desk.submit(steps)
    assert await order.ended() == "completed"
    assert await first_run(order) == E.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    assert all(len(calls) == 1 for calls in desk.script.made.values())
    assert len(desk.script.made) == 60
    view = await order.view()
    assert (view.step_count, view.steps_by_state) == (60, {"completed": 60})
    assert (await order.steps())["s0"].output == {"id": "camera.s0@1"}


@pytest.mark.usefixtures("short_runs")
async def test_everything_that_waits_crosses_over(desk: Desk) -> None:
    waiting: dict[str, Any] = {
        "paid": {"event": {"name": "paid", "key": "${order.id}"}},
        "visit": {"manual": {"queue": "field"}},
        "go": {"wait": {"condition": "order.characteristics.go == true"}},
        "booked": {"call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}}},
        "stuck": call(),
        "timed": {"wait": {"for": "3s"}},
        "early": {"event": {"name": "early"}, "after": ["visit"]},
    }
    busy = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(15)}
    desk.script.answers["camera.stuck@1"] = [failure("out_of_stock"), {"id": 1}]
    order = await desk.submit(waiting | busy)
    await order.event("early", payload={"n": 1}, event_id="e-1")
    await order.until_state(s14="completed", stuck="fatally_failed")
    assert await first_run(order) == E.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
    assert (await order.event("early", event_id="e-1")).status == "duplicate"
    await order.event("paid", order.id)
    await order.act("complete", "visit")
    await order.act("retry", "stuck")
    await order.set(go=True)
    await order.call_back("booked", {})
    assert await order.ended() == "completed"
    assert (await order.steps())["early"].output == {"n": 1}
    description = await order.handle.describe()
    assert await description.memo() == {"revision": 1, "priority": 3, "steps": len(waiting | busy)}
    shown = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert (shown["CustomerId"], shown["OrderState"], shown["FalloutCount"]) == ("C-1", "completed", 0)


@pytest.mark.usefixtures("short_runs")
async def test_polling_crosses_over(desk: Desk) -> None:
    poll = {"get": "/p/${response.body.id}", "every": "1s", "until": "response.body.ok"}
    busy = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(12)}
    desk.script.answers["camera.polled@1"] = [{"body": {"id": "P-1"}}]
    desk.script.answers["camera.polled@1 polled"] = [hanging, {"ok": True}]
    order = await desk.submit({"polled": {"call": {"system": "shop", "post": "/p", "poll": poll}}} | busy)
    assert await order.ended() == "completed"
    polled = desk.script.made["camera.polled@1 polled"]
    assert [each.path for each in polled] == ["/p/P-1", "/p/P-1"]
    assert len(desk.script.made["camera.polled@1"]) == 1
    assert (await order.steps())["polled"].output == {"ok": True}


@pytest.mark.usefixtures("short_runs")
async def test_a_call_that_takes_long_is_made_again_by_the_next_run_with_the_same_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_loop, "DRAIN_TIMEOUT", timedelta(milliseconds=300))
    busy = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(12)}
    desk.script.answers["camera.slow@1"] = [hanging, {"id": 1}]
    order = await desk.submit({"slow": call()} | busy)
    assert await order.ended() == "completed"
    first, second = desk.script.made["camera.slow@1"]
    assert first.idempotency_key == second.idempotency_key
    assert second.earlier_attempts == 0
    assert not second.outcome_known


async def test_two_thousand_updates_are_taken(quick_desk: Desk) -> None:
    order = await quick_desk.submit({"go": {"wait": {"condition": "order.characteristics.n == 2050"}}})
    gate = asyncio.Semaphore(8)

    async def one(number: int) -> None:
        async with gate:
            await order.set(**{"n" if number == 2050 else f"x{number % 7}": number})

    await asyncio.gather(*(one(number) for number in range(1, 2_050)))
    await one(2050)
    assert await order.ended() == "completed"
    assert await first_run(order) == E.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


@pytest.mark.usefixtures("short_runs")
async def test_an_order_whose_state_is_too_large_to_carry_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_loop, "MAX_SNAPSHOT_BYTES", 100)
    order = await desk.submit({f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(20)})
    assert await order.ended() == "completed"
    assert (await order.handle.describe()).run_id == order.first_run_id


@pytest.mark.usefixtures("short_runs")
async def test_a_roll_back_goes_on_in_the_next_run(desk: Desk) -> None:
    undo = {"call": {"system": "shop", "delete": "/x/${output.id}"}}
    steps = {f"s{number}": call(after=[f"s{number - 1}"] if number else [], undo=undo) for number in range(20)}
    order = await desk.submit(steps | {"paid": {"event": {"name": "paid"}, "after": ["s19"]}})
    await order.until_state(paid="in_progress")
    cancel = OrderAction(actor=ANN)
    await order.handle.execute_update("cancel", cancel, result_type=ActionResult)
    assert await order.ended() == "cancelled"
    undone = [made.idempotency_key for number in range(20) for made in desk.script.made[f"camera.s{number}@1"]]
    effects = [(number, effect) for number in range(20) for effect in ("do", "undo")]
    assert undone == [f"{order.id}/camera.s{number}@1/{effect}/1/{KEY_TOKEN}" for number, effect in effects]
    assert len({event.event_id for event in await order.events()}) < 100


async def test_a_running_attempt_is_called_off_before_its_step_is_undone(desk: Desk) -> None:
    undo = {"call": {"system": "shop", "post": "/x/cancellations"}}
    desk.script.answers["camera.slow@1"] = [hanging, {}]
    order = await desk.submit({"slow": call(undo=undo)})
    await order.until(lambda _now: bool(desk.script.made["camera.slow@1"]))
    await order.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult)
    assert await order.ended() == "cancelled"
    assert desk.script.keys("camera.slow@1") == [
        f"{order.id}/camera.slow@1/{effect}/1/{KEY_TOKEN}" for effect in ("do", "undo")
    ]
