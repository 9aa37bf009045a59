"""The same act on many, against a real server and a real worker: listed, paced, stopped before it goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.command_line import Ordo


async def fallen(ordo: Ordo, customer: str, count: int) -> list[str]:
    """So many orders of the customer, each with its only call in fallout, and listed as such."""
    names = [f"{customer}-{number}" for number in range(count)]
    for name in names:
        await ordo.started("stubborn", name, customer={"id": customer})
    listed = ("fallout", "--customer", customer)
    await ordo.until(*listed, holds=lambda found: set(names) <= {each["order_id"] for each in found["fallout"]})
    return names


def ids(results: list[dict[str, Any]]) -> set[str]:
    return {result["order_id"] for result in results}


async def test_a_dry_run_lists_what_is_meant_and_does_nothing(ordo: Ordo) -> None:
    names = await fallen(ordo, "B-1", 2)
    chosen = ("--all", "--customer", "B-1", "--system", "nobody", "--code", "connection", "--since", "1h")
    listed = (await ordo("skip", *chosen, "--dry-run", "-o", "json")).json
    assert ids(listed["targets"]) == set(names)
    assert {(each["number"], each["code"]) for each in listed["targets"]} == {(1, "connection")}
    told = await ordo("skip", *chosen, "--dry-run", "--limit", "1")
    assert told.out.endswith("`skip` would run on 1 step; nothing was done.\n")
    for name in names:
        assert (await ordo("show", name, "-o", "json")).json["fallout"] == 1


async def test_what_fits_is_done_and_what_does_not_is_left_alone(ordo: Ordo) -> None:
    names, others = await fallen(ordo, "B-2", 3), await fallen(ordo, "B-3", 1)
    called = await ordo("skip", "--all", "--customer", "B-2", "--by", "ann", "--reason", "the system is gone")
    assert called.status == 0, called
    assert called.out.splitlines()[-1] == "3 done."
    for name in names:
        order = (await ordo("show", name, "-o", "json")).json
        assert order["state"] == "completed"
        assert ("ann", "the system is gone") in {(entry["by"], entry["reason"]) for entry in order["history"]}
    assert (await ordo("show", others[0], "-o", "json")).json["fallout"] == 1


async def test_a_fix_that_does_not_help_is_stopped_before_it_burns_them_all(ordo: Ordo) -> None:
    await fallen(ordo, "B-4", 5)
    called = await ordo("retry", "--all", "--customer", "B-4", "--stop-after", "2", "--pace", "50", "-o", "json")
    assert called.status == 1
    summary = called.json
    assert (len(summary["failed_again"]), len(summary["left"])) == (2, 3)
    assert summary["stopped"] == "2 have failed"
    assert {result["code"] for result in summary["failed_again"]} == {"connection"}


async def test_what_somebody_else_has_is_left_to_them(ordo: Ordo) -> None:
    names = await fallen(ordo, "B-5", 2)
    assert (await ordo("claim", names[0], "1", "--by", "bob")).status == 0
    summary = (await ordo("skip", "--all", "--customer", "B-5", "--by", "ann", "-o", "json")).json
    assert (ids(summary["done"]), ids(summary["left"])) == ({names[1]}, {names[0]})
    assert summary["left"][0]["message"] == "bob holds it"


async def test_tasks_are_completed_and_claimed_in_bulk(ordo: Ordo) -> None:
    names = [f"B-6-{number}" for number in range(2)]
    for name in names:
        await ordo.started("survey", name, customer={"id": "B-6"})
    listed = ("tasks", "--customer", "B-6")
    await ordo.until(*listed, holds=lambda found: set(names) <= {each["order_id"] for each in found["tasks"]})
    mine = ("--all", "--tasks", "--customer", "B-6", "--queue", "field_ops", "--by", "kim", "-o", "json")
    assert ids((await ordo("claim", *mine)).json["done"]) == set(names)
    wrong = (await ordo("complete", *mine, "--data", "stars=9", "--stop-after", "1")).json
    assert (len(wrong["refused"]), len(wrong["left"]), wrong["stopped"]) == (1, 1, "1 has failed")
    assert ids((await ordo("complete", *mine, "--data", "answer=well")).json["done"]) == set(names)


async def test_orders_are_held_resumed_and_cancelled_in_bulk(ordo: Ordo) -> None:
    names = [f"B-7-{number}" for number in range(3)]
    for name in names:
        await ordo.started("shelf", name, customer={"id": "B-7"})
    listed = ("list", "--customer", "B-7")
    await ordo.until(*listed, holds=lambda listed: len(listed["orders"]) == 3)
    chosen = ("--all", "--customer", "B-7", "--by", "ann")
    assert (await ordo("hold", *chosen, "--reason", "the price is wrong")).out.splitlines()[-1] == "3 done."
    await ordo.until(*listed, holds=lambda listed: {each["state"] for each in listed["orders"]} == {"held"})
    assert (await ordo("resume", *chosen, "--limit", "2")).out.splitlines()[-1] == "2 done."
    assert (await ordo("cancel", *chosen, "--reason", "withdrawn")).out.splitlines()[-1] == "3 done."
    await ordo.until(*listed, holds=lambda listed: {each["state"] for each in listed["orders"]} == {"cancelled"})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["retry"], "Missing argument ID STEP; or --all"),
        (["cancel"], "Missing argument ID"),
        (["retry", "O-1", "1", "--system", "x"], "--system goes with --all"),
        (["cancel", "O-1", "--dry-run"], "--dry-run goes with --all"),
        (["skip", "O-1", "--all"], "give no order with it"),
        (["rollback", "--all", "--line", "1"], "--line and --assess are for one order"),
        (["retry", "--all", "--tasks"], "No such option"),
        (["retry", "--all", "--since", "soon"], "--since"),
        (["retry", "--all", "--pace", "0"], "--pace"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_wrong_usage_is_told_before_a_server_is_asked(ordo: Ordo, arguments: list[str], told: str) -> None:
    called = await ordo(*arguments)
    assert (called.status, called.out) == (2, "")
    assert told in called.err


async def test_nothing_to_do_is_no_failure(ordo: Ordo) -> None:
    called = await ordo("retry", "--all", "--customer", "nobody at all")
    assert (called.status, called.out) == (0, "There was nothing to do.\n")
