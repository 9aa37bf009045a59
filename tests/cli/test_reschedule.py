"""`reschedule` and `extend`; what `list`, `show` and `why` say of late orders: against a real server and worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.command_line import Ordo, call


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


async def test_wait_is_rescheduled(ordo: Ordo) -> None:
    await ordo.started("patient", "D-1")
    await ordo.step_is("D-1", "patient.pause@1", "in_progress")
    called = await ordo("reschedule", "D-1", "2", "2030-12-01T08:00:00Z", "--by", "ann", "--reason", "holidays")
    assert (called.status, called.out) == (
        0, "Step 2 (patient.pause@1) was rescheduled to 2030-12-01 08:00:00 UTC\n",
    )  # fmt: skip
    assert (await ordo.step_is("D-1", "patient.pause@1", "in_progress"))["due"] == "2030-12-01T08:00:00Z"
    entries = (await ordo("show", "D-1", "-o", "json")).json["history"]
    assert ("ann", "holidays") in {(entry["by"], entry["reason"]) for entry in entries}
    await ordo("reschedule", "D-1", "2", "1s")
    await ordo.step_is("D-1", "patient.pause@1", "completed")


async def test_within_and_sla_are_extended(ordo: Ordo) -> None:
    await ordo.started("patient", "D-2")
    before = await ordo.step_is("D-2", "patient.answer@1", "in_progress")
    assert (await ordo("extend", "D-2", "1", "2d", "--within")).out == "Step 1 (patient.answer@1) was extended by 2d\n"
    assert (await ordo("extend", "D-2", "1", "2030-12-01", "--sla")).status == 0
    after = await ordo.step_is("D-2", "patient.answer@1", "in_progress")
    moved = datetime.fromisoformat(after["due"]) - datetime.fromisoformat(before["due"])
    assert moved == timedelta(days=2)
    assert after["late_at"] == "2030-12-01T00:00:00Z"


async def test_impossible_reschedule_is_refused_with_alternatives(ordo: Ordo) -> None:
    await ordo.started("patient", "D-3")
    await ordo.step_is("D-3", "patient.answer@1", "in_progress")
    called = await ordo("reschedule", "D-3", "1", "2d")
    assert called.status == 1
    assert "has no time that could be moved" in called.err
    assert "`extend D-3 1 TIME --within`" in called.err
    called = await ordo("extend", "D-3", "1", "2d")
    assert called.status == 1
    assert "Possible: `extend D-3 1 TIME --within`; `extend D-3 1 TIME --sla`" in called.err


@pytest.mark.parametrize(
    "arguments", [["reschedule", "D-0", "1", "soon"], ["extend", "D-0", "1", "2 days"], ["extend", "D-0", "1", "-1d"]]
)
def test_invalid_time_is_wrong_usage(arguments: list[str]) -> None:
    called = call(*arguments)
    assert called.status == 2


def test_extension_takes_only_one_limit() -> None:
    called = call("extend", "D-0", "1", "2d", "--within", "--sla")
    assert called.status == 2
    assert "one at a time" in called.err


async def test_late_order_is_listed(ordo: Ordo) -> None:
    await ordo.started("survey", "D-4", requested_completion=in_days(-1))
    await ordo.started("survey", "D-5", requested_completion=in_days(30))
    listed = await ordo.until(
        "list", "--late", holds=lambda found: "D-4" in {each["order_id"] for each in found["orders"]}
    )
    assert "D-5" not in {each["order_id"] for each in listed["orders"]}
    shown = (await ordo("show", "D-4")).out
    assert shown.startswith("D-4  in progress  late\n")
    assert "held up by survey.ask@1" in shown
    said = (await ordo("why", "D-4", "-o", "json")).json["lateness"]
    assert said.startswith("Order D-4 is late: ")
    assert said.endswith(", because of step 1 (survey.ask@1).")
    assert said in " ".join((await ordo("why", "D-4")).out.split())
    assert (await ordo("why", "D-5", "-o", "json")).json["lateness"] is None


async def test_an_order_says_that_it_will_be_late(ordo: Ordo) -> None:
    await ordo.started("survey", "D-6", requested_completion=in_days(0.5))
    await ordo.step_is("D-6", "survey.ask@1", "in_progress")
    assert "Order D-6 will be late: " in (await ordo("why", "D-6", "-o", "json")).json["lateness"]
    assert (await ordo("show", "D-6")).out.startswith("D-6  in progress  at risk\n")
