"""Tasks and fallout over many orders, on a real server: nothing old is hidden, and what is left out is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from ledger.reading.filters.work_filter import WorkFilter
from operations.client import OrderClient
from operations.reading.worklists import StepWorklist
from tests.support.core.plans import call
from tests.support.order_views import step_view
from tests.support.servers.temporal import delete_abandoned
from tests.support.workflows.order_runner import Desk, Order, desk_on
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_views import UndoView
from workflows.contract.states import StepState
from workflows.contract.worklists import is_in_queue, is_task
from workflows.shell.search_attributes import OrderVisibility

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def desk(temporal: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with desk_on(temporal.client) as desk:
        yield desk
    await delete_abandoned(temporal.client)


async def eventually(
    read: Callable[[], Awaitable[StepWorklist]], holds: Callable[[StepWorklist], bool]
) -> StepWorklist:
    """Visibility lags about a second."""
    for _ in range(60):
        found = await read()
        if holds(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError([item.order_id for item in found.items])


def waiting(queue: str, limit: int = 100) -> WorkFilter:
    return WorkFilter(queue=queue, limit=limit)


def ids(worklist: StepWorklist) -> list[str]:
    return [item.order_id for item in worklist.items]


async def submit_task(desk: Desk, queue: str) -> Order:
    order = await desk.submit({"a": {"manual": {"queue": queue}}})
    await order.until_state(a="in_progress")
    return order


async def test_old_task_of_a_queue_is_found_behind_newer_ones_of_another(desk: Desk) -> None:
    orders = OrderClient(desk.client, desk.task_queue)
    old = [(await submit_task(desk, "consulting")).id for _ in range(2)]
    newer = {(await submit_task(desk, "care-1")).id for _ in range(6)}
    found = await eventually(lambda: orders.list_tasks(waiting("consulting", 3)), lambda found: len(found.items) == 2)
    assert ids(found) == old[::-1]
    assert (found.next_cursor, found.order_count) == (None, 2)
    read = await eventually(lambda: orders.list_tasks(waiting("care-1", 6)), lambda found: len(found.items) == 6)
    assert set(ids(read)) == newer
    assert read.next_cursor is None


async def test_pages_follow_each_other_and_the_first_one_counts_all(desk: Desk) -> None:
    orders = OrderClient(desk.client, desk.task_queue)
    submitted = [(await submit_task(desk, "care-2")).id for _ in range(5)]
    await eventually(lambda: orders.list_tasks(waiting("care-2")), lambda found: len(found.items) == 5)
    pages = [await orders.list_tasks(waiting("care-2", 2))]
    while pages[-1].next_cursor is not None:
        pages.append(await orders.list_tasks(waiting("care-2", 2), cursor=pages[-1].next_cursor))
    assert [order_id for page in pages for order_id in ids(page)] == submitted[::-1]
    assert [page.order_count for page in pages] == [5] * len(pages)


async def test_order_that_began_before_queues_were_shown_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = OrderClient(desk.client, desk.task_queue)

    def show_none(_self: OrderVisibility, _run: Any) -> dict[Any, Any]:
        return {}

    with monkeypatch.context() as older:
        older.setattr(OrderVisibility, "_changed_queues", show_none)
        old = [(await submit_task(desk, queue)).id for queue in ("care-3", "others-3", "others-3")]
    for _ in range(3):
        await submit_task(desk, "others-3")
    found = await eventually(lambda: orders.list_tasks(waiting("care-3", 1)), lambda found: bool(found.items))
    assert ids(found) == old[:1]
    assert (found.next_cursor, found.order_count) == (None, 3)


async def test_fallout_of_a_queue_is_found_behind_newer_fallout(desk: Desk) -> None:
    orders = OrderClient(desk.client, desk.task_queue)

    async def submit_fallout(queue: str) -> Order:
        desk.script.answers["camera.a@1"] = [failure("out_of_stock")] * 9
        order = await desk.submit({"a": call(on_failure=[{"do": "fallout", "queue": queue}])})
        await order.until_state(a="fatally_failed")
        return order

    old = await submit_fallout("dispatch-4")
    for _ in range(4):
        await submit_fallout("others-4")
    found = await eventually(lambda: orders.list_fallout(waiting("dispatch-4", 2)), lambda found: bool(found.items))
    assert ids(found) == [old.id]
    assert await orders.list_fallout(waiting("nobody-4")) == StepWorklist([], [], None, 0)


async def test_undo_by_a_person_is_a_task(desk: Desk) -> None:
    orders = OrderClient(desk.client, desk.task_queue)
    undone = call(undo={"manual": {"queue": "stores-5"}})
    order = await desk.submit({"a": undone, "b": call(after=["a"], on_failure=[{"rollback": "order"}])})
    desk.script.answers["camera.b@1"] = [failure("out_of_stock")]
    found = await eventually(lambda: orders.list_tasks(waiting("stores-5")), lambda found: bool(found.items))
    assert ids(found) == [order.id]


@pytest.mark.parametrize(
    ("undo", "queue", "shown"),
    [
        (UndoView(state="in_progress", queue="stores"), "stores", True),
        (UndoView(state="in_progress", queue="stores"), "field", False),
        (UndoView(state="completed", queue="stores"), "field", True),
    ],
)
async def test_undo_task_is_in_the_queue_of_who_undoes_it(undo: UndoView, queue: str, shown: bool) -> None:
    step = step_view(1, "a.x@1", StepState.COMPLETED, kind="manual", queue="field", undo=undo)
    assert is_in_queue(step, queue) is shown
    assert is_task(step) is (undo.state == "in_progress")
