"""Who has a task or a step in fallout; two operators who act at once on what they saw."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.support.core.order_driver import ANN, OrderDriver
from tests.support.core.plans import call
from tests.support.workflows.order_runner import DEADLINE, Desk
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import ActionResult, Actor, NoteAction, RefusalCode, StepAction
from workflows.core.state.audit_log import MAX_BYTES, MAX_ENTRIES, MAX_REASON_LENGTH, AuditLog
from workflows.core.steps.refusal import RequestRefused

BOB = Actor(by="bob")
TASK = {"manual": {"queue": "field"}}
ORDERED: dict[str, Any] = {"call": {"system": "shop", "post": "/x", "body": {"sku": "one"}}}


def test_a_task_is_taken_by_one_and_handed_on_to_another() -> None:
    driven = OrderDriver({"a": TASK})
    assert driven.step_action("claim", "a").message == "Step 1 (camera.a@1) is now ann's"
    assert driven.step_action("claim", "a").already
    with pytest.raises(RequestRefused, match="is ann's") as refused:
        driven.step_action("claim", "a", actor=BOB)
    (takeover,) = refused.value.details.alternatives
    assert (takeover.action, takeover.parameters) == ("claim", {"order_id": "O-1", "step": "1", "take_over": True})
    driven.step_action("assign", "a", data={"to": "kim"}, expected_holder="ann")
    assert driven.view("a").holder == "kim"
    assert driven.step_action("assign", "a", data={"to": "kim"}).already
    driven.step_action("assign", "a", data={"to": ""})
    assert driven.view("a").holder is None
    assert [entry.message for entry in driven.run.audit_log.entries if entry.by] == [
        "claimed",
        "assigned to kim",
        "returned to its queue",
    ]


def test_an_act_on_what_somebody_has_taken_meanwhile_is_refused() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a")
    driven.step_action("claim", "a", actor=BOB)
    for name in ("retry", "skip", "complete", "assign"):
        with pytest.raises(RequestRefused, match=r"is now bob's; talk to bob") as refused:
            driven.step_action(name, "a", expected_holder="")
        assert refused.value.code is RefusalCode.STALE
    driven.step_action("retry", "a", actor=BOB, expected_holder="bob")
    driven.fail("a")
    assert driven.view("a").holder == "bob"
    driven.step_action("skip", "a", actor=BOB, expected_holder="bob")
    assert driven.step("a").holder is None


@pytest.mark.parametrize("name", ["retry", "skip", "complete", "claim"])
def test_a_claim_protects_from_others_until_they_take_over(name: str) -> None:
    driven = OrderDriver({"a": ORDERED})
    driven.fail("a")
    driven.step_action("claim", "a")
    data = {"sku": "two"} if name == "retry" else None
    with pytest.raises(RequestRefused, match=r"Step 1 \(camera.a@1\) is ann's") as refused:
        driven.step_action(name, "a", data, actor=BOB)
    assert (refused.value.code, refused.value.details.reason) == (RefusalCode.NOT_NOW, "already_claimed")
    (possible,) = refused.value.details.alternatives
    assert (possible.action, possible.parameters["take_over"]) == (name, True)
    assert possible.required == (["data"] if data else [])
    assert driven.state("a") == "fatally_failed"
    driven.step_action(name, "a", data, actor=BOB, take_over=True)
    assert next(entry.message for entry in driven.run.audit_log.entries if entry.by == "bob") == "taken over from ann"
    if name == "retry":
        driven.fail("a")
    assert driven.step("a").holder == (None if name in ("skip", "complete") else "bob")


def test_a_claim_protects_what_waits_for_a_person_in_every_way() -> None:
    driven = OrderDriver({"task": TASK, "a": {**call(), "undo": {"manual": {"queue": "field"}}}})
    driven.step_action("claim", "task")
    with pytest.raises(RequestRefused, match="is ann's"):
        driven.step_action("complete", "task", actor=BOB)
    driven.answer("a", {})
    driven.roll_back()
    driven.step_action("claim", "a")
    with pytest.raises(RequestRefused, match="is ann's"):
        driven.step_action("complete", "a", actor=BOB)
    driven.step_action("complete", "a", actor=BOB, take_over=True)
    assert driven.undo("a").state == "completed"


def test_redo_of_a_held_step_asks_but_its_assessment_does_not() -> None:
    driven = OrderDriver({"a": call()})
    driven.fail("a")
    driven.step_action("claim", "a", actor=BOB)
    assert driven.order_action("redo", "a", assess=True).assessment is not None
    with pytest.raises(RequestRefused, match="is bob's"):
        driven.order_action("redo", "a")
    driven.order_action("redo", "a", take_over=True)
    assert driven.state("a") == "in_progress"


def test_orders_as_a_whole_and_notes_are_not_protected() -> None:
    driven = OrderDriver({"a": TASK})
    driven.step_action("claim", "a")
    driven.perform("note", NoteAction(text="a hint", actor=BOB, step="1"))
    driven.step_action("assign", "a", {"to": "kim"}, actor=BOB)
    driven.order_action("cancel")
    assert driven.run.ended


def test_an_order_that_began_before_claims_protected_decides_as_it_did() -> None:
    driven = OrderDriver({"a": TASK})
    driven.step_action("claim", "a")
    driven.run.is_patched = lambda _patch: False
    driven.step_action("complete", "a", actor=BOB)
    assert driven.state("a") == "completed"


def test_what_waits_for_nobody_is_nobodys() -> None:
    driven = OrderDriver({"a": call(), "b": call(after=["a"])})
    for step in ("a", "b"):
        with pytest.raises(RequestRefused, match="does not wait for a person"):
            driven.step_action("claim", step)
    with pytest.raises(RequestRefused, match="at most 200 characters"):
        OrderDriver({"a": TASK}).step_action("assign", "a", data={"to": "k" * 201})


def test_who_has_it_crosses_over() -> None:
    driven = OrderDriver({"a": TASK})
    driven.step_action("claim", "a")
    assert driven.continue_as_new().view("a").holder == "ann"


def test_notes_are_about_a_step_or_the_order() -> None:
    driven = OrderDriver({"a": TASK})
    for step in (None, "1", "camera.a@1"):
        note = NoteAction(text=f"about {step}", actor=ANN, step=step)
        driven.perform("note", note)
    written = [(entry.step, entry.reason) for entry in driven.run.audit_log.entries if entry.message == "note"]
    assert written == [(None, "about None"), ("camera.a@1", "about 1"), ("camera.a@1", "about camera.a@1")]
    for text, step in ((" ", None), ("x" * (MAX_REASON_LENGTH + 1), None), ("x", "9")):
        with pytest.raises(RequestRefused):
            driven.perform("note", NoteAction(text=text, actor=ANN, step=step))


def test_a_history_is_bounded_and_what_people_did_goes_last() -> None:
    journal = AuditLog()
    journal.record(0.0, "accepted")
    for number in range(MAX_ENTRIES):
        journal.record(float(number), "retried", "a", "ann" if number % 2 else None, f"reason {number}")
    assert len(journal.entries) == MAX_ENTRIES
    assert journal.entries[0].message == "accepted"
    for number in range(400):
        journal.record(float(number), "note", "a", "ann", "x" * 5_000)
    assert journal.size <= MAX_BYTES
    assert journal.entries[0].message == "accepted"
    assert all(entry.by == "ann" for entry in journal.entries[1:])
    restored = AuditLog()
    restored.restore(list(journal.entries), journal.last_number)
    assert restored.size == journal.size


async def test_of_two_operators_who_act_at_once_one_wins_and_nothing_is_done_twice(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock"), {"id": 1}]
    order = await desk.submit({"a": ORDERED})
    await order.until_state(a="fatally_failed")

    async def retried(by: str) -> ActionResult:
        message = StepAction(step="1", actor=Actor(by=by), expected=order_state, expected_holder="", data={"sku": by})
        answer: ActionResult = await order.handle.execute_update(
            "retry", message, result_type=ActionResult, rpc_timeout=DEADLINE
        )
        return answer

    order_state = (await order.steps())["a"].state
    answers = await asyncio.gather(retried("ann"), retried("bob"), return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, ActionResult)]
    lost = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    assert (len(won), len(lost)) == (1, 1)
    assert await order.ended() == "completed"
    assert len(desk.script.made["camera.a@1"]) == 2
    (entry,) = [entry for entry in (await order.view()).history if entry.by]
    assert entry.what == f"retried with sku={entry.by}"


async def test_of_two_who_claim_at_once_one_has_it(desk: Desk) -> None:
    order = await desk.submit({"a": TASK})
    await order.until_state(a="in_progress")

    async def claimed(by: str) -> ActionResult:
        message = StepAction(step="1", actor=Actor(by=by), expected_holder="")
        answer: ActionResult = await order.handle.execute_update(
            "claim", message, result_type=ActionResult, rpc_timeout=DEADLINE
        )
        return answer

    answers = await asyncio.gather(*(claimed(by) for by in ("ann", "bob", "kim")), return_exceptions=True)
    assert sum(isinstance(answer, ActionResult) for answer in answers) == 1
    assert (await order.steps())["a"].holder in ("ann", "bob", "kim")


def test_people_behind_one_account_keep_their_work_apart() -> None:
    """The account is recorded as the one who acts. What it claims belongs to the person for whom it acts."""
    ann, bob = (Actor(by="portal", on_behalf_of=name) for name in ("ann", "bob"))
    driven = OrderDriver({"a": TASK})
    driven.step_action("claim", "a", actor=ann)
    assert driven.view("a").holder == "ann"
    with pytest.raises(RequestRefused, match="is ann's"):
        driven.step_action("complete", "a", actor=bob)
    driven.step_action("complete", "a", actor=ANN)
    entries = [(entry.message, entry.by) for entry in driven.run.audit_log.entries if entry.by]
    assert entries == [("claimed", "portal for ann"), ("completed", "ann")]


def test_a_request_for_nobody_else_can_be_read_by_workers_of_an_earlier_release() -> None:
    assert "on_behalf_of" not in BOB.model_dump_json()
