"""`fallout`, `tasks`, `retry`, `skip`, `complete`, `event`, `set`, against a real server and a real worker."""

from __future__ import annotations

from typing import Any

import pytest

from cli.commands.steps import step_actions
from cli.framework import actor
from tests.support.command_line import Ordo, call
from workflows.contract.states import StepState


async def in_fallout(ordo: Ordo, order_id: str, **more: Any) -> None:
    await ordo.started("stubborn", order_id, **more)
    await ordo.step_is(order_id, "stubborn.try@1", "fatally_failed")


def with_order(order_id: str, key: str) -> Any:
    return lambda listed: order_id in {each["order_id"] for each in listed[key]}


@pytest.mark.parametrize(
    "arguments",
    [["retry", "A-0", "1"], ["skip", "A-0", "1"], ["complete", "A-0", "1"], ["set", "A-0", "paid=true"]],
    ids=lambda arguments: arguments[0],
)
async def test_an_order_that_is_not_there_is_exit_1_and_told_so(ordo: Ordo, arguments: list[str]) -> None:
    called = await ordo(*arguments)
    assert called.status == 1
    assert called.err.startswith("Error: There is no order A-0")


@pytest.mark.parametrize("act", ["retry", "skip", "complete"])
async def test_a_step_that_is_not_there_is_exit_1_and_told_so(ordo: Ordo, act: str) -> None:
    await ordo.started("parcel", "A-1")
    for step in ("7", "0", "parcel.deliverd@1"):
        called = await ordo(act, "A-1", step)
        assert called.status == 1
        assert called.err.startswith(f"Error: Order A-1 has no step `{step}`")


async def test_what_is_in_fallout_is_listed_with_its_error(ordo: Ordo) -> None:
    await in_fallout(ordo, "A-2", customer={"id": "A-fallout"})
    listed = ("fallout", "--customer", "A-fallout")
    await ordo.until(*listed, holds=with_order("A-2", "fallout"))
    (_, line) = (await ordo(*listed)).out.splitlines()
    assert line.split()[:3] == ["A-2", "1", "stubborn.try@1"]
    assert "connection" in line
    assert (await ordo("fallout", "--queue", "nobody's")).out == "No step is in fallout in queue nobody's.\n"


async def test_a_retry_tries_again_and_keeps_who_and_why(ordo: Ordo) -> None:
    await in_fallout(ordo, "A-3")
    called = await ordo("retry", "A-3", "1", "--by", "anna", "--reason", "the line is mended")
    assert called.status == 0
    await ordo.step_is("A-3", "stubborn.try@1", "fatally_failed")
    entries = (await ordo("show", "A-3", "-o", "json")).json["history"]
    assert ("anna", "the line is mended") in {(entry["by"], entry["reason"]) for entry in entries}


async def test_the_login_is_who_acts_where_nobody_is_named(ordo: Ordo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "berta")
    await in_fallout(ordo, "A-4")
    assert (await ordo("skip", "A-4", "stubborn.try@1")).status == 0
    entries = (await ordo("show", "A-4", "-o", "json")).json["history"]
    assert "berta" in {entry["by"] for entry in entries}


async def test_a_skip_lets_the_order_go_on(ordo: Ordo) -> None:
    await in_fallout(ordo, "A-5")
    answer = (await ordo("skip", "A-5", "1", "-o", "json")).json
    assert (answer["order_id"], answer["step"], answer["state"]) == ("A-5", "stubborn.try@1", "skipped")
    await ordo.until("show", "A-5", holds=lambda order: order["state"] == "completed")


async def test_a_step_that_does_not_wait_for_a_person_is_not_skipped(ordo: Ordo) -> None:
    await ordo.started("parcel", "A-6")
    called = await ordo("skip", "A-6", "1")
    assert called.status == 1
    assert "fallout" in called.err


async def test_tasks_are_listed_by_queue_with_the_data_that_ends_them(ordo: Ordo) -> None:
    await ordo.started("survey", "A-7", customer={"id": "A-tasks"})
    listed = ("tasks", "--customer", "A-tasks")
    await ordo.until(*listed, "--queue", "field_ops", holds=with_order("A-7", "tasks"))
    (_, line) = (await ordo(*listed)).out.splitlines()
    assert line.startswith("A-7 ")
    assert "Ask how it went [answer, stars?]" in line
    nobody = (await ordo("tasks", "--queue", "nobody's", "-o", "json")).json
    assert nobody == {"source": "visibility", "tasks": [], "unanswered": [], "next_cursor": None, "order_count": 0}


async def test_cut_list_of_tasks_says_what_it_leaves_out(ordo: Ordo) -> None:
    listed = ("tasks", "--customer", "A-cut")
    for order_id in ("A-71", "A-72"):
        await ordo.started("survey", order_id, customer={"id": "A-cut"})
        await ordo.until(*listed, holds=with_order(order_id, "tasks"))
    cut = await ordo(*listed, "--queue", "field_ops", "--limit", "1")
    assert "1 task of 1 order. Up to " in cut.err
    assert "The next page: --cursor " in cut.err
    first = (await ordo(*listed, "--limit", "1", "-o", "json")).json
    second = (await ordo(*listed, "--limit", "1", "--cursor", first["next_cursor"], "-o", "json")).json
    assert [page["tasks"][0]["order_id"] for page in (first, second)] == ["A-72", "A-71"]


async def test_repeated_state_lists_a_union(ordo: Ordo) -> None:
    await ordo.started("survey", "A-73", customer={"id": "A-states"})
    for first, second in (("completed", "in_progress"), ("in_progress", "completed")):
        states = ("--state", first, "--state", second)
        await ordo.until("list", *states, "--customer", "A-states", holds=with_order("A-73", "orders"))


def test_repeated_option_that_counts_once_is_refused() -> None:
    called = call("tasks", "--queue", "care", "--queue", "field")
    assert called.status == 2
    assert "--queue is given 2 times, and counts once." in called.err


async def test_a_task_takes_only_data_that_fit_its_form(ordo: Ordo) -> None:
    await ordo.started("survey", "A-8")
    await ordo.step_is("A-8", "survey.ask@1", "in_progress")
    for data in ([], ["--data", "answer=fine", "--data", "stars=9"]):
        called = await ordo("complete", "A-8", "1", *data)
        assert called.status == 1
        assert "form" in called.err
    assert (await ordo("complete", "A-8", "1", "--data", "answer=4711", "--data", "stars=5")).status == 0
    assert (await ordo.step_is("A-8", "survey.ask@1", "completed"))["output"] == {"answer": "4711", "stars": 5}


async def test_an_act_on_what_has_changed_meanwhile_is_refused(ordo: Ordo, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_fallout(ordo, "A-9")
    seen_now = actor.find_step

    async def seen_earlier(*about: Any) -> Any:
        step = await seen_now(*about)
        assert step is not None
        return step.model_copy(update={"state": StepState.IN_PROGRESS})

    monkeypatch.setattr(step_actions, "find_step", seen_earlier)
    called = await ordo("retry", "A-9", "1")
    assert called.status == 1
    assert "no longer in_progress" in called.err


async def test_an_event_completes_the_step_that_waits_for_it(ordo: Ordo) -> None:
    await ordo.started("parcel", "A-10")
    wrong = await ordo("event", "A-10", "delivered", "--key", "T-2")
    assert wrong.status == 1
    assert "awaited keys: T-1" in wrong.err
    right = await ordo("event", "A-10", "delivered", "--key", "T-1", "--data", "at=door", "--event-id", "e-1")
    assert right.out == "Event delivered completed step parcel.delivered@1 of order A-10.\n"
    assert (await ordo.step_is("A-10", "parcel.delivered@1", "completed"))["output"] == {"at": "door"}


async def test_an_event_for_an_order_that_is_not_there_yet_is_kept_for_it(ordo: Ordo) -> None:
    called = await ordo("event", "A-11", "delivered", "--key", "T-1")
    assert called.status == 0
    assert "There is no order A-11 yet" in called.out
    await ordo.started("parcel", "A-11")
    await ordo.until("show", "A-11", holds=lambda order: order["state"] == "completed")


async def test_characteristics_move_what_waits_for_them(ordo: Ordo) -> None:
    await ordo.started("prepaid", "A-12")
    await ordo.step_is("A-12", "prepaid.paid@1", "in_progress")
    called = await ordo("set", "A-12", "paid=true", "--reason", "the bank called")
    assert called.status == 0
    await ordo.until("show", "A-12", holds=lambda order: order["state"] == "completed")
    ended = await ordo("set", "A-12", "paid=false")
    assert ended.status == 1
    assert "has ended" in ended.err
