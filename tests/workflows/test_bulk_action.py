"""Bulk jobs on a real server: pace, threshold, pause and stop, and workers that die meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkFilter, BulkPacing, BulkTarget
from operations.client import OrderClient
from operations.errors import NotFound, OperationRefused
from tests.support.workflows.order_runner import Desk, Order, desk_on
from tests.support.workflows.scripted_activities import failure
from workflows.contract import actions
from workflows.contract.actions import ActionSpec
from workflows.contract.bulk_messages import BulkOutcome, BulkProgress, BulkResultsRequest
from workflows.contract.order_messages import Actor

BEN = Actor(by="ben", reason="crm is back")
STEP = "camera.a@1"
CALL: dict[str, Any] = {"a": {"call": {"system": "shop", "post": "/a"}}}


async def in_fallout(desk: Desk, count: int, later: Sequence[object] = ("fixed",)) -> list[Order]:
    """Orders whose step fails once each; `later`: what its calls are answered with then."""
    desk.script.answers[STEP] = [*[failure("crm_down") for _ in range(count)], *later]
    orders = [await desk.submit(CALL) for _ in range(count)]
    for order in orders:
        await order.until_state(a="fatally_failed")
    return orders


async def targets(orders: Sequence[Order]) -> list[BulkTarget]:
    return [BulkTarget(order.id, (await order.steps())["a"]) for order in orders]


def command(action: ActionSpec = actions.RETRY, **further: Any) -> BulkCommand:
    return BulkCommand(action, BEN, BulkFilter(), **further)


async def until(client: OrderClient, job: str, holds: Callable[[BulkProgress], bool]) -> BulkProgress:
    for _ in range(400):
        progress = await client.read_bulk_progress(job)
        if holds(progress):
            return progress
        await asyncio.sleep(0.05)
    raise AssertionError(progress)


async def test_a_job_retries_every_step_and_shows_its_progress(quick_desk: Desk) -> None:
    orders = await in_fallout(quick_desk, 6)
    await orders[0].act("claim", "a")  # by ann
    client = OrderClient(quick_desk.client, quick_desk.task_queue)
    chosen = await targets(orders)
    job = await client.start_bulk_job(command(), chosen, BulkPacing(50, None, 0.2), "steps in fallout, crm_down")
    done = await until(client, job, lambda progress: progress.state == "done")
    assert done.counts == {BulkOutcome.DONE: 5, BulkOutcome.LEFT: 1}
    assert [await order.ended() for order in orders[1:]] == ["completed"] * 5
    assert (await orders[0].states())["a"] == "fatally_failed"
    page = await client.read_bulk_results(job, BulkResultsRequest(outcome=BulkOutcome.LEFT))
    assert [(each.target.order_id, each.message) for each in page.results] == [(orders[0].id, "ann holds it")]
    card = (await client.read_bulk_job(job)).card
    assert (card.action, card.by, card.total, card.about) == ("retry", "ben", 6, "steps in fallout, crm_down")
    history = (await orders[1].view()).history
    assert [(entry.what, entry.by, entry.reason) for entry in history if entry.by] == [
        ("retried", "ben", "crm is back")
    ]


async def test_a_job_stops_before_a_wrong_fix_has_failed_everywhere(quick_desk: Desk) -> None:
    orders = await in_fallout(quick_desk, 6, [failure("still_down")])
    client = OrderClient(quick_desk.client, quick_desk.task_queue)
    job = await client.start_bulk_job(command(), await targets(orders), BulkPacing(50, 2, 5.0))
    stopped = await until(client, job, lambda progress: progress.state == "stopped")
    assert stopped.counts == {BulkOutcome.FAILED_AGAIN: 2, BulkOutcome.LEFT: 4}
    assert stopped.stop_reason == "2 have failed"
    results = (await client.read_bulk_results(job, BulkResultsRequest(limit=1))).results
    assert (results[0].outcome, results[0].code) == (BulkOutcome.FAILED_AGAIN, "still_down")


async def test_a_job_is_paused_continued_and_stopped_by_people(quick_desk: Desk) -> None:
    orders = await in_fallout(quick_desk, 4)
    client = OrderClient(quick_desk.client, quick_desk.task_queue)
    job = await client.start_bulk_job(command(actions.CLAIM), await targets(orders), BulkPacing(0.5, None))
    await until(client, job, lambda progress: BulkOutcome.DONE in progress.counts)
    await client.change_bulk_job(job, "pause", Actor(by="kim"))
    paused = await until(client, job, lambda progress: progress.state == "paused")
    assert paused.changed_by == "kim"
    await client.change_bulk_job(job, "continue", Actor(by="kim"))
    await until(client, job, lambda progress: progress.state == "running")
    await client.change_bulk_job(job, "stop", Actor(by="lee", reason="wrong ones"))
    ended = await until(client, job, lambda progress: progress.state == "stopped")
    assert ended.stop_reason == "lee stopped it (wrong ones)"
    assert ended.counts[BulkOutcome.LEFT] >= 1
    with pytest.raises(OperationRefused, match=f"{job} has ended") as refused:
        await client.change_bulk_job(job, "pause", BEN)
    assert refused.value.code == "ended"


async def test_a_job_goes_on_with_another_worker_and_does_nothing_twice(temporal: WorkflowEnvironment) -> None:
    async with desk_on(temporal.client) as desk:
        orders = await in_fallout(desk, 5)
        client = OrderClient(desk.client, desk.task_queue)
        job = await client.start_bulk_job(command(), await targets(orders), BulkPacing(4, None, 0.2))
        await until(client, job, lambda progress: progress.state == "running")
    async with desk_on(temporal.client, task_queue=desk.task_queue, script=desk.script):
        done = await until(client, job, lambda progress: progress.state == "done")
        assert done.counts == {BulkOutcome.DONE: 5}
        assert [await order.ended() for order in orders] == ["completed"] * 5
    assert len(desk.script.keys(STEP)) == 10  # each order's first call, and one retry


async def test_an_order_that_has_ended_is_refused(quick_desk: Desk) -> None:
    orders = await in_fallout(quick_desk, 1)
    chosen = await targets(orders)
    await orders[0].act("skip", "a")
    await orders[0].ended()
    client = OrderClient(quick_desk.client, quick_desk.task_queue)
    job = await client.start_bulk_job(command(), chosen, BulkPacing(50, None, 0.2))
    done = await until(client, job, lambda progress: progress.state == "done")
    assert done.counts == {BulkOutcome.REFUSED: 1}
    assert (await client.read_bulk_results(job, BulkResultsRequest())).results[0].code == "ended"
    with pytest.raises(OperationRefused):
        await client.start_bulk_job(command(actions.RECOVER), chosen, BulkPacing())
    with pytest.raises(NotFound):
        await client.read_bulk_job("unknown")
