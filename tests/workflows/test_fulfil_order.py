"""FulfilOrder on a real server, replayed at every task unless a test says otherwise."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activity_contract.calls import SystemCall
from tests.histories.record import every_kind
from tests.support.core.plans import call, plan_of
from tests.support.workflows.order_runner import Desk, Order
from tests.support.workflows.scripted_activities import failure, retryable
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, SearchAttributes
from workflows.contract.states import OrderState
from workflows.core.state.order_run import MAX_IN_FLIGHT

E = EventType


async def attributes_of(order: Order) -> dict[str, Any]:
    description = await order.handle.describe()
    shown = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    return {name: value for name, value in shown.items() if name != "BuildIds"}


async def test_an_order_of_every_kind_of_step_runs_to_its_end(desk: Desk) -> None:
    order = await every_kind(desk)
    assert await order.ended() == "completed"
    ended = await order.steps()
    assert ended["paid"].output == {"amount": 1}
    assert ended["booked"].output == {"visit": 1}
    assert ended["greet"].output["greeting"] == "Hello, Elm Street 14"
    assert desk.script.made["camera.polled@1 polled"][0].path == "/p/P-1"
    assert (await order.view()).state is OrderState.COMPLETED


async def test_temporals_own_tools_show_readable_ids_summaries_attributes_and_memo(desk: Desk) -> None:
    order = await desk.submit({"reserve": call(name="Reserve stock")}, quantity=4)
    await order.ended()
    scheduled = (await order.events(E.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED))[0]
    assert scheduled.activity_task_scheduled_event_attributes.activity_id == "camera.reserve@1"
    assert "Camera ×4 · Reserve stock".encode() in scheduled.user_metadata.summary.data
    description = await order.handle.describe()
    assert await description.memo() == {"revision": 1, "priority": 3, "steps": 1}
    assert await attributes_of(order) == {
        SearchAttributes.ORDER_STATE: "completed",
        SearchAttributes.CUSTOMER_ID: "C-1",
        SearchAttributes.PRODUCTS: ["home"],
        SearchAttributes.CATALOGUE_VERSION: "sha256:test",
    }


async def test_a_step_costs_its_three_events_and_attributes_are_written_twice(quick_desk: Desk) -> None:
    steps = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(12)}
    order = await quick_desk.submit(steps)
    await order.ended()
    events = await order.events()
    assert len([each for each in events if each.event_type == E.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES]) == 2
    # start, task, update accepted and completed, compiled, attributes twice, memo, end; then a step and its task each
    assert len(events) <= 13 + 12 * 6


async def test_a_rejected_order_answers_why_fails_and_leaves_its_id_free(desk: Desk) -> None:
    desk.script.findings["O-bad"] = [{"code": "unknown-product", "message": "there is no product `x`"}]
    decision = await desk.send("O-bad")
    assert (decision.accepted, decision.state) == (False, OrderState.REJECTED)
    order = Order(desk.client, "O-bad")
    with pytest.raises(WorkflowFailureError) as failed:
        await order.handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "rejected"
    assert (await attributes_of(order))[SearchAttributes.ORDER_STATE] == "rejected"
    view = await order.view()
    assert (view.state, view.findings[0]["code"]) == (OrderState.REJECTED, "unknown-product")
    again = await desk.send("O-bad")
    assert not again.accepted
    assert len(await desk_runs(order, 2)) == 2


async def test_an_order_that_could_not_be_compiled_is_rejected_with_the_reason(desk: Desk) -> None:
    decision = await desk.send("O-unknown-to-the-script")
    assert not decision.accepted
    assert decision.findings[0]["code"] == "internal-error"
    assert "nothing was done" in decision.findings[0]["message"]


async def desk_runs(order: Order, expected: int) -> list[str]:
    """Visibility lags behind."""
    for _ in range(100):
        if len(runs := await order.run_ids()) >= expected:
            return runs
        await asyncio.sleep(0.05)
    return runs


@pytest.mark.parametrize("argument", [None, [], "x", {"order": 5}, {"order": {}, "unknown": 1}])
async def test_what_is_no_order_ends_the_run_rather_than_leaving_it_stuck(desk: Desk, argument: Any) -> None:
    handle = await desk.client.start_workflow(
        ORDER_WORKFLOW_TYPE, argument, id=f"order/garbage-{argument!r}", task_queue=desk.task_queue
    )
    with pytest.raises(WorkflowFailureError):
        await asyncio.wait_for(handle.result(), 20)


async def test_an_unreadable_update_is_refused_and_the_order_goes_on(desk: Desk) -> None:
    order = await desk.submit({"a": {"event": {"name": "paid"}}})
    with pytest.raises(WorkflowUpdateFailedError):
        await order.handle.execute_update("event", {"nonsense": 1}, rpc_timeout=timedelta(seconds=10))
    await order.handle.signal("deliver_event", {"nonsense": 1})
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_a_refused_update_tells_why_and_leaves_no_trace(desk: Desk) -> None:
    order = await desk.submit({"a": {"event": {"name": "paid"}}, "b": {"event": {"name": "paid"}}})
    await order.until_state(a="in_progress")
    before = len(await order.events())
    for act in ("retry", "skip", "complete"):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await order.act(act, "a")
        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "not_now"
    with pytest.raises(WorkflowUpdateFailedError) as ambiguous:
        await order.event("paid")
    assert isinstance(ambiguous.value.cause, ApplicationError)
    assert ambiguous.value.cause.type == "ambiguous"
    assert len(await order.events()) == before
    await order.event("paid", step="1")
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_attempts_that_temporal_makes_need_no_word_of_the_workflow(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [retryable("http_503"), retryable("http_503"), {"id": 1}]
    order = await desk.submit({"a": call()})
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].attempts == 3
    assert len(set(desk.script.keys("camera.a@1"))) == 1


async def test_fallout_shows_and_a_retry_resolves_it(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock", attempts=2), {"id": 1}]
    order = await desk.submit({"a": call(), "b": call(after=["a"]), "c": call(), "d": call(after=["c"])})
    steps = await order.until_state(a="fatally_failed", d="completed")
    assert steps["a"].error is not None
    assert (steps["a"].error.code, steps["a"].error.message) == ("out_of_stock", "out_of_stock said the system")
    assert steps["b"].state == "pending"
    assert (await order.view()).fallout == 1
    assert (await attributes_of(order))[SearchAttributes.FALLOUT_COUNT] == 1
    answer = await order.act("retry", "a", expected="fatally_failed")
    assert answer.state == "in_progress"
    assert await order.ended() == "completed"
    assert (await attributes_of(order))[SearchAttributes.FALLOUT_COUNT] == 0
    assert [key.split("/")[3] for key in desk.script.keys("camera.a@1")] == ["1", "2"]
    entries = [(entry.what, entry.by, entry.reason) for entry in (await order.view()).history]
    assert ("retried", "ann", "asked to") in entries


async def test_a_call_that_the_policy_pauses_long_is_made_again_by_the_workflows_timer(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("http_503", later=0.2), {"id": 1}]
    order = await desk.submit({"a": call()})
    assert await order.ended() == "completed"
    first, second = desk.script.made["camera.a@1"]
    assert first.idempotency_key == second.idempotency_key
    assert second.earlier_attempts == 1
    assert len(await order.events(E.EVENT_TYPE_TIMER_STARTED)) == 1


async def test_a_failure_that_follows_no_contract_parks_its_step(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [ApplicationError("a bug of the worker", 5, non_retryable=True)]
    order = await desk.submit({"a": call(), "b": call()})
    steps = await order.until_state(b="completed", a="fatally_failed")
    assert steps["a"].error is not None
    assert "a bug of the worker" in steps["a"].error.message
    await order.act("skip", "a")
    assert await order.ended() == "completed"


async def test_a_configuration_error_is_retried_by_an_entry_without_a_code(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("configuration_error"), {"id": "A-1"}]
    ladder = {"do": "fallout", "queue": "ops", "retry": {"intervals": ["1s"]}}
    order = await desk.submit({"a": call(on_failure=[ladder]), "b": call(after=["a"])})
    assert await order.ended() == "completed"
    assert len(desk.script.made["camera.a@1"]) == 2


async def test_a_callback_that_overtakes_the_answer_completes_the_step(desk: Desk) -> None:
    order_of: dict[str, Order] = {}

    async def call_back_first(_call: SystemCall) -> Any:
        answer = await order_of["it"].call_back("a", {"visit": 1})
        assert answer.status == "kept"
        return {}

    desk.script.answers["camera.a@1"] = [call_back_first]
    step = {"call": {"system": "shop", "post": "/x", "callback": {}}, "start": {"delay": "100ms"}}
    order_of["it"] = order = await desk.submit({"a": step})
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].output == {"visit": 1}


async def test_events_that_come_while_the_order_is_compiled_are_not_lost(desk: Desk) -> None:
    desk.script.plans["O-early"] = plan_of({"a": {"event": {"name": "paid"}}}, order="O-early")
    order = Order(desk.client, "O-early")
    await desk.client.start_workflow(
        ORDER_WORKFLOW_TYPE,
        {"order": {"id": "O-early"}},
        id="order/O-early",
        task_queue=desk.task_queue,
        start_signal="deliver_event",
        start_signal_args=[{"event_id": "e-1", "name": "paid", "payload": {"n": 1}}],
    )
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].output == {"n": 1}


async def test_an_event_signalled_to_an_order_that_is_rejected_waits_for_the_one_sent_again(desk: Desk) -> None:
    order = Order(desk.client, f"O-{uuid.uuid4().hex[:8]}")
    desk.script.findings[order.id] = [{"code": "unknown-product", "message": "there is no product `x`"}]
    with pytest.raises(WorkflowFailureError):
        await desk.client.execute_workflow(
            ORDER_WORKFLOW_TYPE,
            {"order": {"id": order.id}},
            id=order.handle.id,
            task_queue=desk.task_queue,
            start_signal="deliver_event",
            start_signal_args=[{"event_id": "e-1", "name": "paid", "payload": {"n": 1}}],
        )
    del desk.script.findings[order.id]
    desk.script.plans[order.id] = plan_of({"a": {"event": {"name": "paid"}}}, order=order.id)
    assert (await desk.send(order.id)).accepted
    assert await order.ended() == "completed"
    assert (await order.steps())["a"].output == {"n": 1}


async def test_a_signalled_event_that_fits_several_steps_is_kept_until_one_is_left(desk: Desk) -> None:
    order = await desk.submit({"a": {"event": {"name": "paid"}}, "b": {"event": {"name": "paid"}}})
    await order.signal_event("paid", payload={"n": 1})
    await order.signal_event("unheard_of")
    await order.event("paid", step="camera.a@1")
    assert await order.ended() == "completed"
    assert (await order.steps())["b"].output == {"n": 1}
    said = [entry.what for entry in (await order.view()).history]
    assert "event paid kept" in said
    assert "event unheard_of kept" in said


async def test_the_details_are_a_short_table_of_workstreams(quick_desk: Desk) -> None:
    order = await quick_desk.submit({"a": {"event": {"name": "paid"}}, "b": call(), "c": call(after=["a"])})
    await order.until_state(a="in_progress", b="completed")
    metadata = await order.handle.query("__temporal_workflow_metadata")
    assert "| Security camera | 1 | 1 | 1 |  |  |" in str(metadata).replace("\\n", "\n")
    await order.handle.terminate()


async def test_five_hundred_steps_at_once_keep_to_the_bound_in_flight(quick_desk: Desk) -> None:
    in_flight, most = 0, 0

    async def counted(_call: SystemCall) -> Any:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.01)
        in_flight -= 1
        return {}

    names = [f"s{number}" for number in range(500)]
    for name in names:
        quick_desk.script.answers[f"camera.{name}@1"] = [counted]
    order = await quick_desk.submit({name: call() for name in names})
    assert await order.ended() == "completed"
    assert most <= MAX_IN_FLIGHT
