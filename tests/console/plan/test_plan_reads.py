"""The structure of a plan is made once for all who wait for it, and while the order tells its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from console import plan_reads
from console.made_plan import MadePlan, make_plan
from console.plan_reads import PlanReads
from operations.client import OrderClient
from operations.reading.order_details import OrderDetails
from operations.reading.order_pages import OrderPages
from tests.support.workers.gateway_worker import eventually


async def no_mark(_topic: str) -> str:
    return "0"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What structures are made of: the names of the steps' types."""
    of: list[str] = []

    def noted(order: Any, steps: Sequence[Any], planned: Any) -> MadePlan:
        of.append(type(steps[0]).__name__)
        return make_plan(order, steps, planned)

    monkeypatch.setattr(plan_reads, "make_plan", noted)
    return of


async def of_the_order_itself(orders: OrderClient, order_id: str) -> MadePlan:
    details = await orders.read(order_id)
    return make_plan(details.order, details.steps, await orders.read_planned_definitions(order_id))


async def test_structure_is_made_from_the_ledger_while_the_order_tells_its_steps(
    orders: OrderClient, order_id: str, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: orders.pages.plan(order_id), lambda stored: stored is not None)
    may_tell, add_steps = asyncio.Event(), OrderClient.add_steps

    async def slow(client: OrderClient, details: OrderDetails) -> OrderDetails:
        await may_tell.wait()
        return await add_steps(client, details)

    monkeypatch.setattr(OrderClient, "add_steps", slow)
    reads = PlanReads(orders, no_mark)
    overview = await reads.begin(order_id)
    assert (overview.details.order.order_id, overview.details.steps) == (order_id, ())

    async def is_made() -> list[str]:
        return made

    await eventually(is_made, lambda of: of == ["PlanStepRow"])
    may_tell.set()
    first, second = await asyncio.gather(reads.structure(order_id), reads.structure(order_id))
    assert first is second
    assert made == ["PlanStepRow"]
    assert first == (await of_the_order_itself(orders, order_id)).structure


async def test_structure_of_another_revision_than_the_ledger_has_is_made_from_the_order(
    orders: OrderClient, order_id: str, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await eventually(lambda: orders.pages.plan(order_id), lambda stored: stored is not None)
    assert stored is not None
    older = replace(stored, revision=stored.revision - 1, steps=stored.steps[:-1])

    async def lagging(_pages: OrderPages, _order_id: str) -> Any:
        return older

    monkeypatch.setattr(OrderPages, "plan", lagging)
    reads = PlanReads(orders, no_mark)
    first, second = await asyncio.gather(reads.structure(order_id), reads.structure(order_id))
    assert first is second
    assert made == ["PlanStepRow", "StepView"]
    assert first == (await of_the_order_itself(orders, order_id)).structure
    assert await reads.structure(order_id) is first
    assert len(made) == 2


async def test_without_a_ledger_structure_is_made_from_the_order(
    orders: OrderClient, order_id: str, made: list[str]
) -> None:
    reads = PlanReads(OrderClient(orders.client, orders.task_queue), no_mark)
    structure = await reads.structure(order_id)
    assert made == ["StepView"]
    assert structure == (await of_the_order_itself(orders, order_id)).structure
