"""`claim`, `assign`, `note`, `history`, `hold`, `resume`, `cancel`, `rollback`, `redo`, `proceed`: one order each."""

from __future__ import annotations

from typing import Any

import pytest

from cli.commands import bulk_targets
from cli.commands.orders import order_actions
from tests.support.command_line import Ordo


async def in_fallout(ordo: Ordo, order_id: str, **more: Any) -> None:
    await ordo.started("stubborn", order_id, **more)
    await ordo.step_is(order_id, "stubborn.try@1", "fatally_failed")


async def test_who_takes_a_step_has_it_and_nobody_else_takes_it(ordo: Ordo) -> None:
    await in_fallout(ordo, "P-1")
    assert (await ordo("claim", "P-1", "1", "--by", "ann")).out == "Step 1 (stubborn.try@1) is now ann's\n"
    assert (await ordo("claim", "P-1", "1", "--by", "ann")).out == "Step 1 (stubborn.try@1) is already ann's\n"
    refused = await ordo("claim", "P-1", "1", "--by", "bob")
    assert refused.status == 1
    assert "is ann's\nPossible: `claim P-1 1 --take-over` (takes it over)" in refused.err
    for command in ("retry", "skip", "complete", "redo"):
        refused = await ordo(command, "P-1", "1", "--by", "bob")
        assert refused.status == 1
        assert f"is ann's\nPossible: `{command} P-1 1 --take-over` (takes it over)" in refused.err
    assert (await ordo("skip", "P-1", "1", "--by", "bob", "--take-over")).status == 0
    await in_fallout(ordo, "P-1b", customer={"id": "P-claimed"})
    assert (await ordo("claim", "P-1b", "1", "--by", "ann")).status == 0
    listed = ("fallout", "--customer", "P-claimed")
    await ordo.until(*listed, holds=lambda found: [each["order_id"] for each in found["fallout"]] == ["P-1b"])
    (_, line) = (await ordo(*listed)).out.splitlines()
    assert "ann" in line.split()
    assert "It is ann's move" in (await ordo("why", "P-1b")).out


async def test_a_step_is_handed_on_and_back_to_its_queue(ordo: Ordo) -> None:
    await in_fallout(ordo, "P-2")
    assert (await ordo("assign", "P-2", "1", "--to", "kim", "--reason", "knows the shop")).status == 0
    assert (await ordo("show", "P-2", "-o", "json")).json["steps"][0]["holder"] == "kim"
    assert (await ordo("assign", "P-2", "1", "--to", "")).out == "Step 1 (stubborn.try@1) is now nobody's\n"
    told = (await ordo("history", "P-2", "--acts", "-o", "json")).json["history"]
    assert [entry["what"] for entry in told] == ["assigned to kim", "returned to its queue"]


async def test_a_note_stands_in_the_history(ordo: Ordo) -> None:
    await in_fallout(ordo, "P-3")
    assert (await ordo("note", "P-3", "the shop reopens on Monday", "--step", "1", "--by", "ann")).status == 0
    assert (await ordo("note", "P-3", "  ")).status == 1
    history = (await ordo("history", "P-3")).out
    assert history.splitlines()[0].split() == ["When", "What", "Step", "Who", "Why"]
    assert any("ann" in line and "the shop reopens on Monday" in line for line in history.splitlines())
    of_step = (await ordo("history", "P-3", "--step", "stubborn.try@1", "-o", "json")).json["history"]
    assert [entry["what"] for entry in of_step] == ["in fallout: connection", "note"]
    assert (await ordo("history", "P-3", "--step", "1", "-o", "json")).json["history"] == of_step
    unknown = await ordo("history", "P-3", "--step", "stubborn.tri@1")
    assert (unknown.status, "has no step `stubborn.tri@1`; did you mean `stubborn.try@1`?" in unknown.err) == (1, True)


async def test_an_order_is_held_and_says_by_whom_and_why(ordo: Ordo) -> None:
    await ordo.started("shelf", "P-4")
    assert (await ordo("hold", "P-4", "--by", "ann", "--reason", "the customer is away")).status == 0
    assert "ann" in (await ordo("show", "P-4")).out
    await ordo("complete", "P-4", "1", "--by", "kim")
    held = await ordo.step_is("P-4", "shelf.mount@1", "on_hold")
    assert held["state"] == "on_hold"
    told = (await ordo("why", "P-4")).out
    assert "ann holds the order (the customer is away)" in told
    assert "`resume P-4`" in told
    assert (await ordo("resume", "P-4", "--by", "ann")).status == 0
    await ordo.until("show", "P-4", holds=lambda order: order["state"] == "completed")


async def test_cancel_says_what_it_would_do_and_does_it(ordo: Ordo) -> None:
    await ordo.started("shelf", "P-5")
    assessed = (await ordo("cancel", "P-5", "--assess", "-o", "json")).json["assessment"]
    assert assessed["discarded"] == ["shelf.mount@1"] or assessed["undone"] == ["shelf.take@1"]
    assert (await ordo("show", "P-5", "-o", "json")).json["state"] == "in_progress"
    assert (await ordo("cancel", "P-5", "--reason", "withdrawn")).status == 0
    await ordo.until("show", "P-5", holds=lambda order: order["state"] == "cancelled")
    again = await ordo("cancel", "P-5")
    assert (again.status, "has ended" in again.err) == (1, True)


async def test_cancel_and_rollback_ask_first_on_a_terminal(ordo: Ordo, monkeypatch: pytest.MonkeyPatch) -> None:
    await ordo.started("shelf", "P-6")
    answers = iter([False, True])
    for module in (bulk_targets, order_actions):
        monkeypatch.setattr(module, "can_prompt", lambda _session: True)
    monkeypatch.setattr(order_actions, "confirm", lambda _session, _question: next(answers))
    refused = await ordo("rollback", "P-6")
    assert (refused.status, refused.out.splitlines()[-1]) == (0, "Nothing was done.")
    assert refused.out.startswith("Rolling back order P-6 would ")
    assert (await ordo("rollback", "P-6")).status == 0
    await ordo.until("show", "P-6", holds=lambda order: order["state"] in ("failed", "cancelled"))


async def test_a_step_that_waits_for_another_order_says_so_and_can_go_on_without(ordo: Ordo) -> None:
    await ordo.started("twin", "P-7", lines=[{"id": "1", "product": "twin", "attributes": {"other": "P-8"}}])
    await ordo.until("show", "P-7", holds=lambda order: any(o["absent"] for o in order["steps"][0]["other_orders"]))
    alone = (await ordo("why", "P-7")).out
    assert "Waits for step meet of order P-8" in alone
    assert "Order P-8 has not been submitted yet" in alone
    await ordo.started("twin", "P-8", lines=[{"id": "1", "product": "twin", "attributes": {"other": "P-7"}}])
    told = await ordo.until("why", "P-8", holds=lambda told: "for itself" in told["reasons"][0]["waits_for"])
    (reason,) = told["reasons"]
    assert reason["whose_move"] == "a person's"
    assert "step 1 (twin.meet@1) of order P-8 waits for step 1 (twin.meet@1) of order P-7" in reason["waits_for"]
    assert reason["actions"][0]["parameters"] == {"order_id": "P-8", "step": 1}
    assert (await ordo("proceed", "P-8", "1", "--by", "ann", "--reason", "they wait for each other")).status == 0
    for order_id in ("P-7", "P-8"):
        await ordo.until("show", order_id, holds=lambda order: order["state"] == "completed")


async def test_nothing_to_go_on_without_is_refused(ordo: Ordo) -> None:
    await in_fallout(ordo, "P-9")
    refused = await ordo("proceed", "P-9", "1")
    assert (refused.status, "waits neither for another order" in refused.err) == (1, True)
