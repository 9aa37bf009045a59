"""Records the histories that tests/histories/test_replay.py replays: `python -m tests.histories.record [NAME…]`.

To be run when the workflow's commands change on purpose and no order of the old kind runs any more; otherwise a change
belongs behind `workflow.patched`, and the recorded histories stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from activity_contract.mailboxes import MAILBOX_DELIVER, MailboxDelivery, MailboxDeliveryResult, MailboxInput
from tests.support.core.plans import call, plan_of, with_instances
from tests.support.servers.temporal import real_time
from tests.support.workflows.order_runner import ANN, Desk, Order, desk_on
from tests.support.workflows.scripted_activities import failure
from workflows.contract.bulk_messages import (
    BULK_WORKFLOW_TYPE,
    SIGNAL_CONTINUE,
    SIGNAL_PAUSE,
    BulkJobInput,
    BulkJobTarget,
    BulkOrder,
    bulk_workflow_id,
)
from workflows.contract.order_messages import MAILBOX_WORKFLOW_TYPE, ActionResult, OrderAction, mailbox_workflow_id
from workflows.contract.states import StepState

FOLDER = Path(__file__).parent
EVENTS_PER_RUN = "120"
"""After so many the recording server suggests to continue as new."""

EVERY_KIND: dict[str, Any] = {
    "reserve": call("/reservations"),
    "ship": call("/shipments/${steps.reserve.output.id}", after=["reserve"]),
    "skipped": call(when="quantity > 5", after=["reserve"]),
    "greet": {"activity": "greet", "with": {"name": "${order.customer.name}"}},
    "pause": {"wait": {"for": "10ms"}, "after": ["reserve"]},
    "later": call(start={"delay": "20ms"}),
    "paid": {"event": {"name": "paid", "key": "${order.id}", "within": "5d"}},
    "visit": {"manual": {"queue": "field", "form": {"ok": {"type": "boolean", "required": True}}}},
    "go": {"wait": {"condition": "order.characteristics.go == true"}},
    "booked": {"call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}}},
    "polled": {
        "call": {
            "system": "shop",
            "post": "/p",
            "poll": {"get": "/p/${response.body.id}", "every": "1s", "until": "response.body.ok"},
        }
    },
    "done": {"milestone": True, "after": ["pause", "paid", "visit", "go", "booked", "polled", "greet"]},
}


async def every_kind(desk: Desk) -> Order:
    desk.script.answers["camera.polled@1"] = [{"body": {"id": "P-1"}}]
    order = await desk.submit(EVERY_KIND)
    await order.until(lambda now: now["booked"].waits_for is not None and now["paid"].state == "in_progress")
    await order.event("paid", order.id, {"amount": 1})
    await order.act("complete", "visit", {"ok": True})
    await order.set(go=True)
    await order.call_back("booked", {"visit": 1})
    return order


async def fallout(desk: Desk) -> Order:
    desk.script.answers["camera.a@1"] = [failure("http_503", later=0.05), failure("out_of_stock"), {"id": 1}]
    desk.script.answers["camera.b@1"] = [failure("out_of_stock")]
    desk.script.answers["camera.c@1"] = [failure("out_of_stock")]
    accepted = call(on_failure="continue", after=["a"])
    ordered: dict[str, Any] = {"call": {"system": "shop", "post": "/x", "body": {"sku": "one"}}}
    order = await desk.submit({"a": ordered, "b": call(), "c": accepted, "d": call(after=["a", "b", "c"])})
    await order.until_state(a="fatally_failed", b="fatally_failed")
    await order.act("retry", "a", {"sku": "other"})
    await order.act("skip", "b")
    return order


async def rejected(desk: Desk) -> Order:
    desk.script.findings["O-rejected"] = [{"code": "unknown-product", "message": "there is no product `x`"}]
    await desk.send("O-rejected")
    return Order(desk.client, "O-rejected")


async def long(desk: Desk) -> Order:
    """Its first run, which continues as another one; wider than what may be in flight."""
    waiting: dict[str, Any] = {"paid": {"event": {"name": "paid"}}, "pause": {"wait": {"for": "1h"}}}
    order = await desk.submit({f"s{number}": call() for number in range(105)} | waiting)
    order.handle = desk.client.get_workflow_handle(order.handle.id, run_id=order.first_run_id)
    return order


async def continued(desk: Desk) -> Order:
    """The last run of one that continued."""
    steps = {f"s{number}": call(after=[f"s{number - 1}"] if number else []) for number in range(30)}
    return await desk.submit(steps | {"pause": {"wait": {"for": "1s"}}})


async def dated(desk: Desk) -> Order:
    """Late from its start, with an sla; recorded before orders were watched for being late (docs/upgrading.md)."""
    steps: dict[str, Any] = {
        "a": call(sla={"duration": "1h", "warn": "10m"}),
        "pause": {"wait": {"for": "20ms"}, "after": ["a"]},
        "visit": {"manual": {"queue": "field"}, "after": ["pause"], "sla": {"duration": "10ms", "escalate": "leads"}},
    }
    order = await desk.submit(steps, requested_completion=datetime(2020, 1, 1, tzinfo=UTC))
    await order.until_state(visit="in_progress")
    await asyncio.sleep(0.1)
    await order.act("complete", "visit")
    return order


UNDONE: dict[str, Any] = {
    "a": {
        "call": {"system": "shop", "post": "/x", "body": {"model": "${attributes.model}"}},
        "undo": {"call": {"system": "shop", "delete": "/x/${output.id}"}},
    },
    "b": {**call(after=["a"]), "undo": {"call": {"system": "shop", "delete": "/y"}}},
    "paid": {"event": {"name": "paid"}, "after": ["b"]},
    "c": call(after=["paid"]),
}


async def cancelled(desk: Desk) -> Order:
    """Undone in reverse; an undo that fails is tried again by a person."""
    desk.script.answers["camera.a@1"] = [{"id": "A-1"}, failure("locked"), {}]
    order = await desk.submit(UNDONE, attributes={"model": "x"})
    await order.until_state(paid="in_progress")
    await order.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult)
    await order.until(lambda now: now["a"].undo is not None and now["a"].undo.state == "fatally_failed")
    await order.act("retry", "a")
    return order


async def acknowledged(desk: Desk) -> Order:
    """Cancelled while a step waits for its callback. Recorded when the call was repeated to learn its output."""
    booking: dict[str, Any] = {
        "call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}},
        "undo": {"call": {"system": "shop", "delete": "/b/${output.id}"}},
    }
    desk.script.answers["camera.a@1"] = [{"body": {"id": "B-1"}}, {"id": "B-1"}, {}]
    desk.script.answers["camera.b@1"] = [{"body": {"id": "B-2"}}, {"id": "B-2"}, {}]
    named = {**booking, "output": {"id": "${response.body.id}", "at": "${payload.at}"}}
    order = await desk.submit({"a": booking, "b": named})
    await order.until(lambda now: all(now[name].waits_for == "a callback of shop" for name in "ab"))
    await order.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult)
    return order


async def amended(desk: Desk) -> Order:
    """One step redone, one added, while another waits; before that the order was held for a moment."""
    desk.script.answers["camera.a@1"] = [{"id": "A-1"}, {}, {"id": "A-2"}]
    order = await desk.submit(UNDONE, attributes={"model": "x"})
    await order.until_state(paid="in_progress")
    for act in ("hold", "resume"):
        await order.handle.execute_update(act, OrderAction(actor=ANN), result_type=ActionResult)
    wanted = plan_of(UNDONE | {"d": call(after=["a"])}, order=order.id, attributes={"model": "y"})
    await order.amend(desk.script, wanted)
    await order.until_state(a="amended", d="completed")
    await order.event("paid")
    return order


SHIPPED: dict[str, Any] = {
    "ship": {
        "call": {"system": "shop", "post": "/shipments", "body": {"model": "${attributes.model}"}},
        "undo": {"call": {"system": "shop", "delete": "/shipments"}},
    },
    "delivered": {"event": {"name": "delivered", "key": "${steps.ship.output.tracking}"}, "after": ["ship"]},
}


async def awaited_again(desk: Desk) -> Order:
    """What a step waits for is done again, with another output, of which the key of the step's event is made."""
    desk.script.answers["camera.ship@1"] = [{"tracking": "T-1"}, {}, {"tracking": "T-2"}]
    order = await desk.submit(SHIPPED, attributes={"model": "x"})
    await order.until_state(delivered="in_progress")
    await order.amend(desk.script, plan_of(SHIPPED, order=order.id, attributes={"model": "y"}))
    await order.until_state(ship="amended", delivered="in_progress")
    await order.event("delivered", "T-1")  # orders that began before the new key counted still wait for the old one
    if (await order.states())["delivered"] != "completed":
        await order.event("delivered", "T-2")
    return order


async def reworked(desk: Desk) -> Order:
    """A round of rework after a failure, then a roll-back of the order after another."""
    desk.script.answers["camera.a@1"] = [{"id": "A-1"}, {}, {"id": "A-2"}, {}]
    desk.script.answers["camera.b@1"] = [failure("failed_inspection"), failure("gone")]
    rounds = [{"code": "failed_inspection", "redo_from": "a", "max": 2}, {"code": "gone", "rollback": "order"}]
    return await desk.submit(UNDONE | {"b": call(after=["a"], on_failure=rounds)}, attributes={"model": "x"})


async def events_by_key(desk: Desk) -> Order:
    """Steps that share a name and key, an event after its `within`, and a callback that does not fit.

    Recorded when a step's end unsubscribed the order, an event for equal steps was kept, and a late one too.
    """
    parcel: dict[str, Any] = {"event": {"name": "delivered", "key": "K-${order.id}", "match": "payload.n == 1"}}
    steps: dict[str, Any] = {
        "parcel": parcel,
        "other": {"event": {"name": "delivered", "key": "K-${order.id}", "match": "payload.n == 2"}},
        "half": {"event": {"name": "scan", "key": "${order.id}"}},
        "rest": {"event": {"name": "scan", "key": "${order.id}"}, "after": ["half"]},
        "late": {"event": {"name": "seen", "key": "${order.id}", "within": "50ms"}},
        "booked": {
            "call": {"system": "shop", "post": "/b", "callback": {"within": "1d"}},
            "output": {"visit": "${payload.visit}"},
        },
        "equal": {"event": {"name": "ready"}},
    }
    order_id = "O-events"
    desk.script.plans[order_id] = with_instances(plan_of(steps, order=order_id), "equal", 2)
    await desk.send(order_id)
    order = Order(desk.client, order_id)
    await order.until(lambda now: now["booked"].waits_for is not None and now["late"].state == "fatally_failed")
    await order.signal_event("ready", event_id="r-1")
    await order.signal_event("delivered", f"K-{order_id}", {"n": 3}, event_id="d-3")
    await order.event("delivered", f"K-{order_id}", {"n": 1})
    await order.event("seen", order_id)
    await order.call_back("booked", {"wrong": 1}, event_id="cb-1")
    await order.call_back("booked", {"visit": 1}, event_id="cb-2")
    await order.event("scan", order_id)
    await order.until_state(rest="in_progress")
    await order.event("scan", order_id)
    await order.event("delivered", f"K-{order_id}", {"n": 2})
    await order.act("retry", "late")
    await order.event("ready", step="camera.equal@1")
    return order


async def worker_errors(desk: Desk) -> Order:
    """Errors of the worker and of an expression, in steps whose `on_failure` names no code.

    Recorded when such an entry did not catch them, so that they were in nobody's queue and not tried again.
    """
    desk.script.answers["camera.rolled@1"] = [failure("configuration_error"), {}]
    desk.script.answers["camera.ladder@1"] = [failure("internal_error"), {}]
    ladder = [{"do": "fallout", "queue": "ops", "retry": {"intervals": ["1h"]}}]
    steps: dict[str, Any] = {
        "first": call(),
        "rolled": call(after=["first"], on_failure=[{"rollback": "order"}]),
        "ladder": call(after=["first"], on_failure=ladder),
        "broken": call("/${steps.first.output.missing}", after=["first"], on_failure=ladder),
    }
    order = await desk.submit(steps)
    await order.until_state(rolled="fatally_failed", ladder="fatally_failed", broken="fatally_failed")
    await order.act("retry", "rolled")
    await order.act("retry", "ladder")
    await order.act("skip", "broken")
    return order


async def undone_by_hand(desk: Desk) -> Order:
    """Cancelled while nobody knows what a call did. The call is repeated to learn that, and a person then undoes it.
    Recorded when that task was not counted."""
    desk.script.answers["camera.a@1"] = [failure("timeout", known=False), {"id": "A-1"}]
    by_hand = {"manual": {"queue": "field", "instructions": "fetch ${output.id}"}}
    order = await desk.submit({"a": call(undo=by_hand)})
    await order.until_state(a="fatally_failed")
    await order.handle.execute_update("cancel", OrderAction(actor=ANN), result_type=ActionResult)
    await order.until(lambda now: now["a"].undo is not None and now["a"].undo.instructions == "fetch A-1")
    await order.act("complete", "a")
    return order


async def mailbox(desk: Desk) -> Order:
    """Of an event by key: what is kept, handed on, ambiguous and a duplicate, with orders that come and go."""
    waiting = {"a": {"event": {"name": "paid", "key": "K"}}}
    box: WorkflowHandle[Any, Any] = desk.client.get_workflow_handle(mailbox_workflow_id(key="K", name="paid"))

    async def deliver(event_id: str) -> None:
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            MAILBOX_WORKFLOW_TYPE,
            MailboxInput(),
            id=box.id,
            task_queue=desk.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        event = MailboxDelivery(event_id=event_id, name="paid", key="K")
        await desk.client.execute_update_with_start_workflow(
            MAILBOX_DELIVER, event, start_workflow_operation=start, result_type=MailboxDeliveryResult
        )

    for event_id in ("e-1", "e-1"):
        await deliver(event_id)
    assert await (await desk.submit(waiting)).ended() == "completed"
    first, second = await desk.submit(waiting), await desk.submit(waiting)
    await asyncio.sleep(1)
    await deliver("e-2")
    await first.event("paid", "K")
    await first.ended()
    await asyncio.sleep(1)
    await deliver("e-2")
    await second.ended()
    second.handle = box
    return second


async def bulk(desk: Desk) -> Order:
    """Of a bulk job: what is retried completes or fails again, what somebody holds is left."""
    desk.script.answers["camera.a@1"] = [failure("down") for _ in range(3)] + [{}, failure("still_down")]
    orders = [await desk.submit({"a": call()}) for _ in range(3)]
    for order in orders:
        await order.until_state(a="fatally_failed")
    targets = [
        BulkJobTarget(order_id=order.id, step="camera.a@1", number=1, state=StepState.FATALLY_FAILED, holder=holder)
        for order, holder in zip(orders, (None, "ben", None), strict=True)
    ]
    job = BulkJobInput(
        job="j1", order=BulkOrder(action="retry", actor=ANN), targets=targets, per_second=1, watch_seconds=2
    )
    last = orders[-1]
    last.handle = await desk.client.start_workflow(
        BULK_WORKFLOW_TYPE, job, id=bulk_workflow_id("j1"), task_queue=desk.task_queue
    )
    await last.handle.signal(SIGNAL_PAUSE, ANN)
    await last.handle.signal(SIGNAL_CONTINUE, ANN)
    return last


SCENES: Mapping[str, Callable[[Desk], Awaitable[Order]]] = {
    "every_kind": every_kind,
    "fallout": fallout,
    "rejected": rejected,
    "long": long,
    "continued": continued,
    "dated": dated,
    "cancelled": cancelled,
    "acknowledged": acknowledged,
    "amended": amended,
    "awaited_again": awaited_again,
    "reworked": reworked,
    "events_by_key": events_by_key,
    "mailbox": mailbox,
    "worker_errors": worker_errors,
    "undone_by_hand": undone_by_hand,
    "bulk": bulk,
}


def without_the_machine(value: Any) -> Any:
    """What it was recorded on does not belong to a history: process, host, files."""
    if isinstance(value, dict):
        kept = {name: without_the_machine(each) for name, each in value.items() if name != "stackTrace"}
        if kept.get("kind") == "TASK_QUEUE_KIND_STICKY":
            kept["name"] = "recorder"
        return kept | ({"identity": "recorder"} if "identity" in kept else {})
    return [without_the_machine(each) for each in value] if isinstance(value, list) else value


async def recorded(desk: Desk, name: str) -> None:
    order = await SCENES[name](desk)
    try:
        await asyncio.wait_for(order.handle.result(follow_runs=False), 30)
    except WorkflowFailureError as ended:
        sys.stderr.write(f"{name}: {ended.cause}\n")
    except Exception as ended:  # a run that continued as another one has no result of its own
        sys.stderr.write(f"{name}: {ended}\n")
    if name == "continued":
        await order.ended()
    history = without_the_machine(json.loads((await order.handle.fetch_history()).to_json()))
    (FOLDER / f"{name}.json").write_text(json.dumps(history, separators=(",", ":")) + "\n")
    sys.stderr.write(f"{name}: {len(history['events'])} events\n")


async def main(names: list[str]) -> None:
    async with (
        real_time(limit__historyCount__suggestContinueAsNew=EVENTS_PER_RUN) as environment,
        desk_on(environment.client) as desk,
    ):
        for name in names or SCENES:
            await recorded(desk, name)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
