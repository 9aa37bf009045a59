"""`list`, `show`, `watch`, `why`, against a real server and a real worker."""

from __future__ import annotations

import json

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.command_line import Ordo, order_of
from tests.support.servers.temporal import until_at_rest


@pytest.mark.parametrize("command", ["show", "watch", "why"])
async def test_unknown_order_is_exit_1(ordo: Ordo, command: str) -> None:
    called = await ordo(command, "L-0")
    assert called.status == 1
    assert called.err.startswith("Error: There is no order L-0")


async def test_a_rejected_order_tells_why_in_place_of_its_history(ordo: Ordo) -> None:
    assert (await ordo("start", "-", stdin=json.dumps(order_of("notes", "L-9")))).status == 1
    why, history = await ordo("why", "L-9"), await ordo("history", "L-9")
    assert "Order L-9 was rejected when it was submitted at " in why.out
    assert history.out.startswith("Order L-9 was rejected when it was submitted; its history has no entry.\n")
    for called in (why, history):
        assert called.status == 0
        assert "did you mean `note`" in called.out.partition("Why it was rejected")[2]


async def test_list_has_the_documented_keys_and_filters(ordo: Ordo) -> None:
    await ordo.started("parcel", "L-1", customer={"id": "L-customer"})
    await ordo.started("survey", "L-2", customer={"id": "L-customer"})

    def both(listed: dict[str, list[object]]) -> bool:
        return len(listed["orders"]) == 2

    found = await ordo.until("list", "--customer", "L-customer", "--state", "in_progress", holds=both)
    assert [order["order_id"] for order in found["orders"]] == ["L-2", "L-1"]
    assert set(found["orders"][0]) >= {
        *("order_id", "state", "jeopardy", "fallout", "customer_id", "products", "started_at", "ended_at")
    }
    parcels = (await ordo("list", "--customer", "L-customer", "--product", "parcel", "-o", "json")).json
    assert [order["order_id"] for order in parcels["orders"]] == ["L-1"]
    for none in (["--fallout"], ["--late"], ["--since", "2999-01-01"], ["--state", "completed"]):
        listed = (await ordo("list", "--customer", "L-customer", *none, "-o", "json")).json
        empty: dict[str, object] = {"orders": [], "next_cursor": None, "total": 0, "total_is_exact": True, "counts": {}}
        assert listed == {"source": "visibility", **empty}
    one = await ordo("list", "--customer", "L-customer", "--limit", "1", "--since", "1h", "-o", "json")
    assert [order["order_id"] for order in one.json["orders"]] == ["L-2"]
    assert one.json["counts"] == {"in_progress": 2}
    rest = await ordo("list", "--customer", "L-customer", "--cursor", one.json["next_cursor"], "-o", "json")
    assert [order["order_id"] for order in rest.json["orders"]] == ["L-1"]


async def test_list_prints_one_line_per_order(ordo: Ordo) -> None:
    await ordo.started("parcel", "L-3", customer={"id": "L-other"})
    await ordo.until("list", "--customer", "L-other", holds=lambda listed: bool(listed["orders"]))
    listed = await ordo("list", "--customer", "L-other")
    lines = listed.out.splitlines()
    assert lines[0].split() == ["Order", "State", "Customer", "Started", "Products"]
    assert lines[1].split()[0] == "L-3"
    assert listed.err == "1 order: 1 in progress.\n"
    assert "No order fits" in (await ordo("list", "--customer", "nobody")).out


async def test_show_prints_lines_steps_and_waits(ordo: Ordo) -> None:
    await ordo.started("parcel", "L-4")
    await ordo.step_is("L-4", "parcel.delivered@1", "in_progress")
    text = (await ordo("show", "L-4")).out
    assert text.startswith("L-4  in progress\n")
    assert "1  parcel.delivered@1  in progress" in text
    assert "waits for event delivered with key T-1" in text
    assert "Parcel ×1" in text


async def test_show_json_has_the_shape_of_a_plan_with_states(ordo: Ordo) -> None:
    await ordo.started("stubborn", "L-5")
    step = await ordo.step_is("L-5", "stubborn.try@1", "fatally_failed")
    shown = (await ordo("show", "L-5", "-o", "json")).json
    assert {"order_id", "state", "jeopardy", "forecast", "revision", "order_lines", "lines", "steps"} <= set(shown)
    assert {
        "id",
        "workstream",
        "name",
        "kind",
        "lines",
        "after",
        "state",
        "attempts",
        "output",
        "error",
        "undo",
    } <= set(step)
    assert set(step["error"]) == {"code", "message", "at"}
    assert {"started_at", "ended_at"} <= set(step)


async def test_watch_ends_with_the_order(ordo: Ordo) -> None:
    await ordo.started("note", "L-6")
    text = await ordo("watch", "L-6")
    assert text.status == 0
    assert "L-6  completed  1 of 1 step" in text.out
    assert (await ordo("watch", "L-6", "-o", "json")).json["state"] == "completed"


async def test_why_says_whose_move_it_is_and_what_unblocks_it(ordo: Ordo) -> None:
    await ordo.started("stubborn", "L-7")
    await ordo.step_is("L-7", "stubborn.try@1", "fatally_failed")
    for step in ([], ["2"], ["stubborn.done@1"]):
        text = (await ordo("why", "L-7", *step)).out
        assert "a person's move" in text
        assert "`retry L-7 1`" in text
    reasons = (await ordo("why", "L-7", "-o", "json")).json["reasons"]
    assert [reason["step"] for reason in reasons] == ["stubborn.try@1"]


async def test_why_suggests_the_nearest_step(ordo: Ordo) -> None:
    await ordo.started("parcel", "L-8")
    called = await ordo("why", "L-8", "parcel.deliverd@1")
    assert called.status == 1
    assert "did you mean `parcel.delivered@1`?" in called.err


async def test_terminated_order_is_told_with_the_way_back(ordo: Ordo, temporal: WorkflowEnvironment) -> None:
    await ordo.started("parcel", "L-9")
    await ordo.step_is("L-9", "parcel.delivered@1", "in_progress")
    workflow = temporal.client.get_workflow_handle("order/L-9")
    await until_at_rest(workflow)
    await workflow.terminate(reason="by mistake")
    text = (await ordo("show", "L-9")).out
    assert text.startswith("L-9  terminated\n")
    assert "(by mistake); nothing of it goes on: `recover L-9`" in " ".join(text.split())
    assert "waits for event" not in text
    assert "`recover L-9`" in (await ordo("why", "L-9")).out
    for refused in (await ordo("event", "L-9", "delivered", "--key", "T-9"), await ordo("cancel", "L-9", "--yes")):
        assert "L-9" in refused.out + refused.err
    assert "`recover L-9`" in refused.err
    recovered = await ordo("recover", "L-9", "--reason", "by mistake")
    assert recovered.status == 0
    assert "continues where it stopped" in recovered.out
    assert (await ordo("show", "L-9", "-o", "json")).json["state"] == "in_progress"
    assert (await ordo("recover", "L-9")).status == 1
