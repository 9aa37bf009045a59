"""Orders that are amended while they run: in the end the systems hold exactly what the orders say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from operations.actions.amend_order import AmendCommand
from tests.durability.site import Site, running, until
from workflows.contract.order_messages import Actor, EventDelivery

DEFINITIONS = Path(__file__).parent / "amendable"
ANN = Actor(by="ann", reason="the customer called")


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with running(tmp_path_factory.mktemp("amended"), DEFINITIONS) as site:
        yield site


def order(order_id: str, *numbers: tuple[int, int]) -> dict[str, Any]:
    lines = [
        {"id": str(at), "product": "cameras", "attributes": {"number": number, "spare": spare}}
        for at, (number, spare) in enumerate(numbers, 1)
    ]
    return {"id": order_id, "customer": {"id": order_id}, "lines": lines}


async def held(site: Site, order_id: str) -> list[tuple[str, int]]:
    """What is reserved for the order's customer."""
    state = (await site.sandbox.get("/_state")).json()
    return sorted(
        (each["sku"], each["quantity"])
        for each in state["inventory"].get("reservation", [])
        if each["customer"] == order_id and each["state"] == "reserved"
    )


async def test_amendment_redoes_changes_undoes_and_adds_and_leaves_nothing_behind(site: Site) -> None:
    await site.orders.submit(order("S-1", (1, 1), (2, 2)))
    await site.step_is("S-1", "cameras.agreed@2", "in_progress")
    assert await held(site, "S-1") == [("cam-indoor", 1), ("cam-indoor", 2), ("cam-outdoor", 1), ("cam-outdoor", 2)]
    wanted = order("S-1", (3, 4))
    wanted["lines"].append(dict(wanted["lines"][0], id="9", attributes={"number": 7, "spare": 7}))
    answer = await site.orders.amend(AmendCommand(wanted, ANN))
    assert answer.counts == {"redone": 1, "patched": 1, "undone": 2, "stopped": 1, "added": 3}
    await site.step_is("S-1", "cameras.agreed@9", "in_progress")
    for step in ("cameras.agreed@1", "cameras.agreed@9"):
        await site.orders.deliver_event("S-1", EventDelivery(event_id=step, name="agreed", step=step))
    assert (await site.orders.wait_until_ended("S-1", 30)).state == "completed"
    assert await held(site, "S-1") == [("cam-indoor", 3), ("cam-indoor", 7), ("cam-outdoor", 4), ("cam-outdoor", 7)]


async def test_running_attempt_ends_and_is_then_undone(site: Site) -> None:
    await site.fault("slow", "inventory", "/reservations", times=2, seconds=2)
    await site.orders.submit(order("S-2", (1, 1)))

    async def both_reached_it() -> bool:
        return len(await held(site, "S-2")) == 2

    await until(both_reached_it)
    answer = await site.orders.amend(AmendCommand(order("S-2", (5, 6)), ANN))
    assert answer.counts == {"ends_then_redone": 1, "ends_then_patched": 1}
    await site.step_is("S-2", "cameras.agreed@1", "in_progress")
    assert await held(site, "S-2") == [("cam-indoor", 5), ("cam-outdoor", 6)]
    await site.orders.deliver_event("S-2", EventDelivery(event_id="agreed", name="agreed"))
    assert (await site.orders.wait_until_ended("S-2", 30)).state == "completed"
    assert sum("@1/undo/1/" in done["key"] for done in await site.effects("S-2")) == 1


async def test_amendment_survives_a_killed_worker(site: Site) -> None:
    await site.orders.submit(order("S-3", (1, 1)))
    await site.step_is("S-3", "cameras.agreed@1", "in_progress")
    await site.fault("slow", "inventory", "/reservations/*", times=2, seconds=1)
    amending = asyncio.create_task(site.orders.amend(AmendCommand(order("S-3", (2, 2)), ANN)))
    assert (await amending).accepted
    await site.kill("worker")
    await site.start("worker")
    await site.step_is("S-3", "cameras.reserve@1", "amended")
    await site.step_is("S-3", "cameras.spare@1", "amended")
    assert await held(site, "S-3") == [("cam-indoor", 2), ("cam-outdoor", 2)]
