"""Who has a task or a step in fallout; two operators who act at once on what they saw."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.workflows.driving import ANN, Driven
from tests.workflows.plans import call
from tests.workflows.running import DEADLINE, Desk
from tests.workflows.scripted import failure
from workflows.contract.order_messages import ActAnswer, Actor, NoteAct, Refusal, StepAct
from workflows.core.actions import notes, step_actions
from workflows.core.engine import advance
from workflows.core.state.audit_log import LONGEST_REASON, MOST_BYTES, MOST_KEPT, Journal
from workflows.core.steps.refusal import Refused

BOB = Actor(by="bob")
TASK = {"manual": {"queue": "field"}}


def act(driven: Driven, name: step_actions.ActName, step: str, by: Actor = ANN, **more: object) -> ActAnswer:
    message = StepAct.model_validate({"step": f"camera.{step}@1", "actor": by, **more})
    found, already = step_actions.judged(driven.run, name, message)
    if already is not None:
        return already
    advance.act(driven.run, name, found, message)
    driven.go_on()
    return step_actions.answer_of(driven.run, name, found, message)


def test_a_task_is_taken_by_one_and_handed_on_to_another() -> None:
    driven = Driven({"a": TASK})
    assert act(driven, "claim", "a").message == "Step 1 (camera.a@1) is ann's now"
    assert act(driven, "claim", "a").already
    with pytest.raises(Refused, match=r"is ann's; `assign O-1 1 --to bob` takes it over"):
        act(driven, "claim", "a", BOB)
    act(driven, "assign", "a", data={"to": "kim"}, expected_holder="ann")
    assert driven.view("a").holder == "kim"
    assert act(driven, "assign", "a", data={"to": "kim"}).already
    act(driven, "assign", "a", data={"to": ""})
    assert driven.view("a").holder is None
    assert [entry.what for entry in driven.run.journal.entries if entry.by] == [
        "claimed",
        "assigned to kim",
        "given back to its queue",
    ]


def test_an_act_on_what_somebody_has_taken_meanwhile_is_refused() -> None:
    driven = Driven({"a": call()})
    driven.fail("a")
    act(driven, "claim", "a", BOB)
    for name in ("retry", "skip", "complete", "assign"):
        with pytest.raises(Refused, match=r"is bob's by now; talk to bob") as refused:
            act(driven, name, "a", expected_holder="")
        assert refused.value.code is Refusal.STALE
    act(driven, "retry", "a", expected_holder="bob")
    driven.fail("a")
    assert driven.view("a").holder == "bob"
    act(driven, "skip", "a", BOB, expected_holder="bob")
    assert driven.step("a").holder is None


def test_what_waits_for_nobody_is_nobodys() -> None:
    driven = Driven({"a": call(), "b": call(after=["a"])})
    for step in ("a", "b"):
        with pytest.raises(Refused, match="does not wait for a person"):
            act(driven, "claim", step)
    with pytest.raises(Refused, match="at most 200 characters"):
        act(Driven({"a": TASK}), "assign", "a", data={"to": "k" * 201})


def test_who_has_it_crosses_over() -> None:
    driven = Driven({"a": TASK})
    act(driven, "claim", "a")
    assert driven.carry_over().view("a").holder == "ann"


def test_notes_are_about_a_step_or_the_order() -> None:
    driven = Driven({"a": TASK})
    for step in (None, "1", "camera.a@1"):
        note = NoteAct(text=f"about {step}", actor=ANN, step=step)
        notes.check_note(driven.run, note)
        notes.write_note(driven.run, note)
    written = [(entry.step, entry.reason) for entry in driven.run.journal.entries if entry.what == "note"]
    assert written == [(None, "about None"), ("camera.a@1", "about 1"), ("camera.a@1", "about camera.a@1")]
    for text, step in ((" ", None), ("x" * (LONGEST_REASON + 1), None), ("x", "9")):
        with pytest.raises(Refused):
            notes.check_note(driven.run, NoteAct(text=text, actor=ANN, step=step))


def test_a_history_is_bounded_and_what_people_did_goes_last() -> None:
    journal = Journal()
    journal.note(0.0, "accepted")
    for number in range(MOST_KEPT):
        journal.note(float(number), "retried", "a", "ann" if number % 2 else None, f"reason {number}")
    assert len(journal.entries) == MOST_KEPT
    assert journal.entries[0].what == "accepted"
    for number in range(400):
        journal.note(float(number), "note", "a", "ann", "x" * 5_000)
    assert journal.size <= MOST_BYTES
    assert journal.entries[0].what == "accepted"
    assert all(entry.by == "ann" for entry in journal.entries[1:])
    restored = Journal()
    restored.restore(list(journal.entries))
    assert restored.size == journal.size


async def test_of_two_operators_who_act_at_once_one_wins_and_nothing_is_done_twice(desk: Desk) -> None:
    desk.script.answers["camera.a@1"] = [failure("out_of_stock"), {"id": 1}]
    order = await desk.submit({"a": call()})
    await order.until_state(a="fatally_failed")

    async def retried(by: str) -> ActAnswer:
        message = StepAct(step="1", actor=Actor(by=by), expected=order_state, expected_holder="", data={"sku": by})
        answer: ActAnswer = await order.handle.execute_update(
            "retry", message, result_type=ActAnswer, rpc_timeout=DEADLINE
        )
        return answer

    order_state = (await order.steps())["a"].state
    answers = await asyncio.gather(retried("ann"), retried("bob"), return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, ActAnswer)]
    lost = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    assert (len(won), len(lost)) == (1, 1)
    assert await order.ended() == "completed"
    assert len(desk.script.made["camera.a@1"]) == 2
    assert [entry.what for entry in (await order.view()).history if entry.by] == ["retried"]


async def test_of_two_who_claim_at_once_one_has_it(desk: Desk) -> None:
    order = await desk.submit({"a": TASK})
    await order.until_state(a="in_progress")

    async def claimed(by: str) -> ActAnswer:
        message = StepAct(step="1", actor=Actor(by=by), expected_holder="")
        answer: ActAnswer = await order.handle.execute_update(
            "claim", message, result_type=ActAnswer, rpc_timeout=DEADLINE
        )
        return answer

    answers = await asyncio.gather(*(claimed(by) for by in ("ann", "bob", "kim")), return_exceptions=True)
    assert sum(isinstance(answer, ActAnswer) for answer in answers) == 1
    assert (await order.steps())["a"].holder in ("ann", "bob", "kim")
