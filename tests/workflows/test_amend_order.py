"""The update `amend` on a real server: answered before anything runs, taken in as one decision, refused with why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from compiler.plan.plan import Plan
from tests.support.core.plans import call, plan_of
from tests.support.workflows.order_runner import ANN, KEY_TOKEN, Desk, Order
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import MEMO_DIGEST, MEMO_REVISION, AmendOrder, RefusalCode

UNDO: dict[str, Any] = {"undo": {"call": {"system": "shop", "delete": "/x", "body": {"model": "${attributes.model}"}}}}
STEPS: dict[str, Any] = {
    "a": {"call": {"system": "shop", "post": "/x", "body": {"model": "${attributes.model}"}}, **UNDO},
    "b": {"event": {"name": "paid"}, "after": ["a"]},
    "c": call(after=["b"]),
}


async def submitted(desk: Desk) -> Order:
    order = await desk.submit(STEPS, attributes={"model": "x"})
    await order.until_state(b="in_progress")
    return order


def changed(order: Order, model: str = "y", **further: Any) -> Plan:
    return plan_of(STEPS | further, order=order.id, attributes={"model": model})


async def refused(order: Order, desk: Desk, plan: Plan, **message: Any) -> tuple[str, str]:
    """Code and words of the refusal."""
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await order.amend(desk.script, plan, **message)
    cause = error.value.cause
    assert isinstance(cause, ApplicationError)
    return str(cause.type), cause.message


async def test_a_completed_step_is_undone_and_done_again_and_the_revision_rises(desk: Desk) -> None:
    order = await submitted(desk)
    answer = await order.amend(desk.script, changed(order))
    assert answer.accepted
    assert (answer.revision, answer.kept) == (2, 2)
    assert answer.counts == {"redone": 1}
    assert [(step.id, step.fate) for step in answer.steps] == [("camera.a@1", "redone")]
    await order.until_state(a="amended")
    view = await order.view()
    assert view.revision == 2
    assert (await order.steps())["b"].state == "in_progress"
    assert view.history[-2].by == "ann" or any(entry.what.startswith("amended to revision 2") for entry in view.history)
    assert (await (await order.handle.describe()).memo())["revision"] == 2
    made = [
        (made.method, made.body, made.idempotency_key.rpartition("@1/")[2]) for made in desk.script.made["camera.a@1"]
    ]
    assert made == [
        ("post", {"model": "x"}, f"do/1/{KEY_TOKEN}"),
        ("delete", {"model": "x"}, f"undo/1/{KEY_TOKEN}"),
        ("post", {"model": "y"}, f"do/2/{KEY_TOKEN}"),
    ]
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_a_dry_run_says_the_same_and_changes_nothing(desk: Desk) -> None:
    order = await submitted(desk)
    answer = await order.amend(desk.script, changed(order), dry_run=True)
    assert (answer.revision, answer.counts, answer.dry_run) == (1, {"redone": 1}, True)
    assert (await order.view()).revision == 1
    assert len(desk.script.made["camera.a@1"]) == 1
    await order.event("paid")
    assert await order.ended() == "completed"


async def test_the_order_as_it_runs_already_changes_nothing(desk: Desk) -> None:
    order = await submitted(desk)
    answer = await order.amend(desk.script, changed(order, "x"))
    assert answer.already
    assert (await order.view()).revision == 1


async def test_steps_that_would_wait_for_others_are_told_even_if_the_order_asks_for_the_same(desk: Desk) -> None:
    """An order that was compiled by other rules: its plan would be another one today."""
    order = await submitted(desk)
    today = changed(order, "x", c=call(after=["a"]))
    told = await order.amend(desk.script, today, dry_run=True)
    assert (told.already, told.counts) == (False, {})
    assert [(one.id, one.no_longer, one.now) for one in told.waits] == [("camera.c@1", ["camera.b@1"], [])]
    assert told.message.endswith("would become revision 2: no step changes; 1 step waits for other steps than before")
    assert (await order.steps())["c"].state == "pending"
    assert (await order.amend(desk.script, today)).revision == 2
    await order.until_state(c="completed", b="in_progress")
    assert (await order.amend(desk.script, today)).already


async def test_what_is_out_of_date_is_refused(desk: Desk) -> None:
    order = await submitted(desk)
    await order.amend(desk.script, changed(order), expected_revision=1)
    code, said = await refused(order, desk, changed(order, "z"), expected_revision=1)
    assert code == RefusalCode.STALE
    assert "revision 2" in said


async def test_another_order_is_refused(desk: Desk) -> None:
    order = await submitted(desk)
    asked = AmendOrder(order={"id": "other"}, actor=ANN)
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await order.handle.execute_update("amend", asked)
    assert error.value.cause.type == RefusalCode.INVALID  # type: ignore[attr-defined]
    plan = changed(order)
    code, said = await refused(order, desk, replace(plan, order_lines=(replace(plan.order_lines[0], id="9"),)))
    assert code == RefusalCode.INVALID
    assert "keeps no line" in said


async def test_a_rejected_amendment_leaves_the_order_as_it_was(desk: Desk) -> None:
    order = await submitted(desk)
    desk.script.findings[order.id] = [{"message": "no such product"}]
    answer = await order.amend(desk.script, changed(order))
    assert not answer.accepted
    assert answer.findings == [{"message": "no such product"}]
    assert (await order.view()).revision == 1


async def test_a_point_of_no_return_refuses_it_and_may_be_overridden_with_a_reason(desk: Desk) -> None:
    steps = STEPS | {"a": STEPS["a"] | {"point_of_no_return": True}}
    order = await desk.submit(steps, attributes={"model": "x"})
    await order.until_state(b="in_progress")
    wanted = plan_of(steps, order=order.id, attributes={"model": "y"})
    code, said = await refused(order, desk, wanted)
    assert code == RefusalCode.NOT_NOW
    assert "camera.a@1" in said
    dry = await order.amend(desk.script, wanted, dry_run=True)
    assert not dry.accepted
    assert [(each.action, each.required) for each in dry.alternatives] == [("amend", ["order", "override"])]
    assert "camera.a@1" in dry.refused[0]
    answer = await order.amend(desk.script, wanted, override="the customer pays for it")
    assert answer.accepted
    await order.until_state(a="amended")
    assert any(entry.reason == "the customer pays for it" for entry in (await order.view()).history)


async def test_a_call_that_runs_ends_by_itself_and_is_then_taken_back(desk: Desk) -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def slow(_call: Any) -> dict[str, str]:
        begun.set()
        await gate.wait()
        return {"id": "R-1"}

    order_steps = {"a": STEPS["a"], "b": call(after=["a"])}
    desk.script.answers["camera.a@1"] = [slow, {}, {"id": "R-2"}]
    order = await desk.submit(order_steps, attributes={"model": "x"})
    await begun.wait()
    answer = await order.amend(desk.script, plan_of(order_steps, order=order.id, attributes={"model": "y"}))
    assert answer.counts == {"ends_then_redone": 1}
    gate.set()
    assert await order.ended() == "completed"
    assert (await order.states()) == {"a": "amended", "b": "completed"}
    assert [made.body for made in desk.script.made["camera.a@1"]] == [{"model": "x"}, {"model": "x"}, {"model": "y"}]


async def test_two_amendments_at_once_are_taken_in_one_after_the_other(desk: Desk) -> None:
    order = await submitted(desk)
    gate = desk.script.gates[order.id] = asyncio.Event()
    first = asyncio.create_task(order.amend(desk.script, changed(order, "y")))
    second = asyncio.create_task(order.amend(desk.script, changed(order, "y")))
    await asyncio.sleep(0.3)
    gate.set()
    answers = sorted([await first, await second], key=lambda answer: answer.already)
    assert [answer.already for answer in answers] == [False, True]
    assert (await order.view()).revision == 2


async def test_an_amendment_crosses_over_while_it_is_being_applied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # The submission, the amendment and `set`. The limit stays the same, since a replay compares all tasks with it.
    monkeypatch.setattr("workflows.shell.order_loop.MAX_UPDATES_PER_RUN", 3)
    order = await submitted(desk)
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slow(_call: Any) -> dict[str, str]:
        begun.set()
        await gate.wait()
        return {}

    desk.script.answers["camera.a@1"] = [slow, {"id": "R-2"}]
    await order.amend(desk.script, changed(order, "y", d=call(after=["a"])))
    async with asyncio.timeout(30):
        await begun.wait()
    await order.set(colour="red")
    assert len(await order.run_ids()) == 1
    gate.set()
    await order.until_state(a="amended", d="completed")
    assert len(await order.run_ids()) > 1
    assert (await order.view()).revision == 2
    await order.event("paid")
    assert await order.ended() == "completed"
    bodies = [(made.method, made.body["model"]) for made in desk.script.made["camera.a@1"]]
    assert list(dict.fromkeys(bodies)) == [("post", "x"), ("delete", "x"), ("post", "y")]


async def test_during_a_roll_back_an_amendment_is_refused(desk: Desk) -> None:
    order = await submitted(desk)
    desk.script.answers["camera.a@1"] = [failure("refused")]
    await order.handle.execute_update("cancel", {"actor": {"by": "ann", "reason": "given up"}})
    code, said = await refused(order, desk, changed(order))
    assert code == RefusalCode.NOT_NOW
    assert "cancelled" in said


async def test_search_attributes_follow(desk: Desk) -> None:
    order = await submitted(desk)
    plan = changed(order)
    lines = tuple(replace(line, request_digest="otherwise") for line in plan.order_lines)
    plan = replace(plan, catalogue_version="sha256:newer", order_lines=lines)
    await order.amend(desk.script, plan)
    await order.until_state(a="amended")
    description = await order.handle.describe()
    assert any(pair.value == "sha256:newer" for pair in description.typed_search_attributes)
    assert not await order.events(EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)


async def test_the_memo_has_the_digest_of_the_order_as_amended_last(desk: Desk) -> None:
    order = await submitted(desk)
    await order.amend(desk.script, changed(order), digest="d2")
    assert await memo_of(order, MEMO_DIGEST) == "d2"
    await order.amend(desk.script, changed(order, "z"))
    assert await memo_of(order, MEMO_DIGEST) is None
    assert await memo_of(order, MEMO_REVISION) == 3


async def memo_of(order: Order, name: str) -> Any:
    return (await (await order.handle.describe()).memo()).get(name)


async def test_what_used_a_changed_step_is_undone_before_it(desk: Desk) -> None:
    ship: dict[str, Any] = {
        "call": {"system": "shop", "post": "/y", "body": {"of": "${steps.a.output.id}"}},
        "after": ["a"],
        "undo": {"call": {"system": "shop", "delete": "/y"}},
    }
    steps = {"a": STEPS["a"], "b": ship, "c": {"event": {"name": "paid"}, "after": ["b"]}}
    order = await desk.submit(steps, attributes={"model": "x"})
    await order.until_state(c="in_progress")
    plan = plan_of(steps, order=order.id, attributes={"model": "y"})
    assert (await order.amend(desk.script, plan, dry_run=True)).counts == {"redone": 2}
    await order.amend(desk.script, plan)
    await order.until_state(a="amended", b="amended")
    made = sorted((at, step) for step, times in desk.script.at.items() for at in times)
    assert [step for _, step in made] == [
        "camera.a@1", "camera.b@1", "camera.b@1", "camera.a@1", "camera.a@1", "camera.b@1",
    ]  # fmt: skip


async def test_what_waits_is_not_completed_while_a_step_before_it_is_redone(desk: Desk) -> None:
    built = asyncio.Event()

    async def build_again(_call: Any) -> dict[str, Any]:
        await built.wait()
        return {}

    desk.script.answers["camera.a@1"] = [{}, {}, build_again]
    steps = {"a": STEPS["a"], "inspect": call(after=["a"]), "handover": {"event": {"name": "up"}, "after": ["inspect"]}}
    order = await desk.submit(steps, attributes={"model": "x"})
    await order.until_state(handover="in_progress")
    await order.amend(desk.script, plan_of(steps, order=order.id, attributes={"model": "y"}))
    await order.until_state(handover="pending", inspect="completed")
    assert (await order.event("up")).status == "kept"
    assert (await order.states())["handover"] == "pending"
    built.set()
    assert await order.ended() == "completed"
