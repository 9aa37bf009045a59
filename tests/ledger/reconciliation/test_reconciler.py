"""Reconciliation of a ledger that has lost changes, with orders on a real server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, select, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.testing import WorkflowEnvironment

from ledger.database import write_transaction
from ledger.reconciliation import order_record_source, reconciler
from ledger.reconciliation.gap_list import REFUSED
from ledger.reconciliation.reconciler import OtherNamespace
from ledger.reconciliation.watermarks import NAMESPACE, write_watermark
from ledger.schema.tables import clashes, erased_orders, gaps, history_entries, orders, steps, work_items
from operations.temporal.reset_run import reset_to_last_workflow_task
from tests.support.core.plans import call
from tests.support.ledger.orders import STEPS, check, finish, order_column, reconcile, visible, wait_for_task
from tests.support.ledger.writing_sink import WritingSink
from tests.support.workflows.order_runner import Desk, desk_on
from tests.support.workflows.scripted_activities import failure, retryable
from workflows import fulfil_order
from workflows.contract.order_changes import OrderChange
from workflows.core.change_records.order_change import ChangeHeader, complete_change
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.state.order_run import OrderRun


async def test_orders_that_ran_before_there_was_a_ledger_are_written(desk: Desk, ledger_database: Engine) -> None:
    ended, waiting = await desk.submit(STEPS), await desk.submit(STEPS)
    await finish(ended)
    await wait_for_task(waiting)
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    summary = await reconcile(desk, ledger_database)
    assert (summary.repaired, summary.failed, summary.unfinished) == (2, 0, [])
    assert order_column(ledger_database, ended, "state") == "completed"
    found = await check(desk, ledger_database)
    assert (found.checked, found.differences, found.unanswered) == (2, [], {})
    again = await reconcile(desk, ledger_database)
    assert (again.asked, again.repaired) == (0, 0), "what is in sync is not asked"
    assert again.checked >= 1


async def test_an_order_whose_end_was_lost_is_ended(desk: Desk, ledger_database: Engine, sink: WritingSink) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    await reconcile(desk, ledger_database)
    sink.loses = lambda change: change.order.ended_at is not None
    await finish(order)
    assert sink.lost
    assert order_column(ledger_database, order, "ended_at") is None
    assert (await check(desk, ledger_database)).differences, "the check finds what is missing"
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    assert (await reconcile(desk, ledger_database)).repaired == 1
    assert (await check(desk, ledger_database)).is_clean


async def test_a_running_order_whose_last_change_was_lost_is_asked(
    desk: Desk, ledger_database: Engine, sink: WritingSink
) -> None:
    order = await desk.submit({**STEPS, "inspect": {"manual": {"queue": "field"}, "after": ["visit"]}})
    await wait_for_task(order)
    sink.loses = lambda _change: True
    await order.act("complete", "visit", {})
    await order.until_state(inspect="in_progress", ship="completed")
    summary = await reconcile(desk, ledger_database)
    assert (summary.repaired, summary.asked) == (1, 1)
    assert (await check(desk, ledger_database)).is_clean
    assert (await reconcile(desk, ledger_database)).asked == 0


async def test_a_terminated_order_is_marked_and_its_recovery_takes_the_mark_away(
    desk: Desk, ledger_database: Engine, sink: WritingSink
) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    await order.handle.terminate(reason="by mistake")
    await visible(desk, "ExecutionStatus = 'Terminated'", 1)
    summary = await reconcile(desk, ledger_database)
    assert (summary.interrupted, summary.failed) == (1, 0)
    assert order_column(ledger_database, order, "interrupted_kind") == "terminated"
    assert order_column(ledger_database, order, "state") == "failed"
    with ledger_database.connect() as connection:
        assert connection.execute(select(work_items)).all() == []
    assert (await check(desk, ledger_database)).is_clean
    assert (await reconcile(desk, ledger_database)).repaired == 0

    run_id = (await order.handle.describe()).run_id
    sink.loses = lambda _change: True  # also the recovered run's first change is lost
    await reset_to_last_workflow_task(desk.client, order.handle.id, run_id, "recovered")
    await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 1)
    assert (await reconcile(desk, ledger_database)).repaired == 1
    assert order_column(ledger_database, order, "interrupted_kind") is None
    assert order_column(ledger_database, order, "state") == "in_progress"
    assert (await check(desk, ledger_database)).is_clean
    assert (await reconcile(desk, ledger_database)).interrupted == 0, "the run before the recovery counts no more"


@pytest.mark.usefixtures("sink")
async def test_rows_of_a_workflow_task_that_temporal_did_not_take_are_replaced_once_the_run_is_closed(
    desk: Desk, ledger_database: Engine
) -> None:
    order = await desk.submit(STEPS)
    await finish(order)
    with write_transaction(ledger_database) as connection:
        ahead = {"event_id": 9_999, "state": "in_progress", "ended_at": None}
        connection.execute(update(orders).values(ahead))
        connection.execute(update(steps).values(state="pending"))
    await visible(desk, "ExecutionStatus = 'Completed'", 1)
    assert (await reconcile(desk, ledger_database)).repaired == 1
    found = await check(desk, ledger_database)
    assert [each.table for each in found.differences] == ["state_counts"] * len(found.differences)


@pytest.mark.usefixtures("sink")
async def test_an_order_that_was_deleted_in_temporal_does_not_stay_open(desk: Desk, ledger_database: Engine) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    execution = WorkflowExecution(workflow_id=order.handle.id)
    await desk.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=desk.client.namespace, workflow_execution=execution)
    )
    await visible(desk, "ExecutionStatus = 'Running'", 0)
    for _ in range(100):
        summary = await reconcile(desk, ledger_database)
        if summary.deleted:
            break
        await asyncio.sleep(0.1)
    assert summary.deleted == 1
    assert order_column(ledger_database, order, "interrupted_kind") == "deleted"
    assert (await reconcile(desk, ledger_database)).deleted == 0


@pytest.mark.usefixtures("sink")
async def test_a_gap_is_closed_and_one_of_an_order_that_does_not_answer_is_tried_later(
    desk: Desk, ledger_database: Engine
) -> None:
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    with write_transaction(ledger_database) as connection:
        for table in (steps, work_items):
            connection.execute(delete(table))
        for order_id, submission in ((order.id, ""), ("never-there", "")):
            since = datetime.now(UTC) - timedelta(minutes=1)
            row = {"order_id": order_id, "submission": submission, "reason": "dropped", "since": since, "tries": 0}
            connection.execute(gaps.insert(), row)
    summary = await reconcile(desk, ledger_database)
    assert (summary.gaps, summary.asked) == (0, 1)
    assert (await check(desk, ledger_database)).is_clean


@pytest.mark.usefixtures("sink")
async def test_a_gap_of_an_order_that_was_erased_is_closed(desk: Desk, ledger_database: Engine) -> None:
    order = await desk.submit(STEPS)
    await finish(order)
    since = datetime.now(UTC) - timedelta(minutes=1)
    with write_transaction(ledger_database) as connection:
        erased = {"order_id": order.id, "submission": order.first_run_id, "erasure_key": 1, "at": datetime.now(UTC)}
        connection.execute(erased_orders.insert(), erased)
        gap = {"order_id": order.id, "submission": order.first_run_id, "reason": "dropped", "since": since, "tries": 0}
        connection.execute(gaps.insert(), gap)
    assert (await reconcile(desk, ledger_database)).gaps == 0


async def test_a_gap_that_stays_holds_up_no_other(
    desk: Desk, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "CHUNK", 1)
    waiting = [await desk.submit(STEPS) for _ in range(4)]
    for order in waiting:
        await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 4)
    await reconcile(desk, ledger_database)
    ahead = [order.id for order in waiting[:2]]
    begun = datetime.now(UTC) - timedelta(hours=1)
    with write_transaction(ledger_database) as connection:
        connection.execute(update(orders).where(orders.c.order_id.in_(ahead)).values(event_id=orders.c.event_id + 100))
        for minute, order in enumerate(waiting):
            row = {"order_id": order.id, "submission": order.first_run_id, "reason": "dropped", "tries": 0}
            connection.execute(gaps.insert(), {**row, "since": begun + timedelta(minutes=minute)})
    await reconcile(desk, ledger_database)
    with ledger_database.connect() as connection:
        assert sorted(connection.execute(select(gaps.c.order_id)).scalars()) == sorted(ahead)


async def test_orders_that_cannot_tell_their_record_hold_up_no_other(
    desk: Desk, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = [await desk.submit(STEPS) for _ in range(5)]
    for order in (first, *others):
        await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 5)

    def fail_for_others(run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader) -> OrderChange:
        if header.order_id != first.id:
            raise RuntimeError
        return complete_change(run, submitted, header)

    monkeypatch.setattr(fulfil_order, "complete_change", fail_for_others)
    summary = await reconcile(desk, ledger_database)
    assert (summary.repaired, summary.failed, summary.unfinished) == (1, 4, []), "the first one is asked last"


async def test_a_record_that_no_database_takes_holds_up_no_other(
    desk: Desk, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, *others = [await desk.submit(STEPS) for _ in range(3)]
    for order in (odd, *others):
        await wait_for_task(order)
    await visible(desk, "ExecutionStatus = 'Running'", 3)

    def tell_large_number(run: OrderRun, submitted: SubmittedOrder, header: ChangeHeader) -> OrderChange:
        change = complete_change(run, submitted, header)
        return replace(change, order=replace(change.order, fallout=2**64)) if header.order_id == odd.id else change

    monkeypatch.setattr(fulfil_order, "complete_change", tell_large_number)
    summary = await reconcile(desk, ledger_database)
    assert (summary.repaired, summary.failed, summary.unfinished) == (2, 1, [])
    with ledger_database.connect() as connection:
        assert connection.execute(select(gaps.c.order_id, gaps.c.reason)).all() == [(odd.id, REFUSED)]
    found = await check(desk, ledger_database)
    assert (found.checked, found.differences, [*found.unanswered]) == (3, [], [odd.id])
    assert "cannot be written" in found.unanswered[odd.id]


async def test_a_ledger_of_another_namespace_is_left_alone(desk: Desk, ledger_database: Engine) -> None:
    with write_transaction(ledger_database) as connection:
        write_watermark(connection, NAMESPACE, value="another")
    with pytest.raises(OtherNamespace, match="another"):
        await reconcile(desk, ledger_database)


@pytest.mark.usefixtures("sink")
async def test_an_order_that_was_retried_and_amended_compares_equal(desk: Desk, ledger_database: Engine) -> None:
    desk.script.answers["camera.ship@1"] = [retryable("busy"), failure("refused"), {}]
    order = await desk.submit(STEPS)
    await wait_for_task(order)
    await order.amend(desk.script, {**STEPS, "thank": call(after=["ship"])})
    await order.act("complete", "visit", {})
    await order.until_state(ship="fatally_failed")
    assert (await check(desk, ledger_database)).is_clean
    await order.act("retry", "ship")
    assert await order.ended() == "completed"
    assert (await check(desk, ledger_database)).is_clean
    with write_transaction(ledger_database) as connection:
        connection.execute(update(steps).where(steps.c.number == 2).values(state="pending"))
        connection.execute(delete(history_entries).where(history_entries.c.number == 1))
    found = (await check(desk, ledger_database)).differences
    assert sorted(each.sentence for each in found) == [
        "history_entries 1: the row is missing",
        "steps 2: state differs",
    ]


async def test_orders_that_no_worker_answers_for_are_tried_later(
    temporal: WorkflowEnvironment, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_on(temporal.client) as desk:
        for _ in range(5):
            await wait_for_task(await desk.submit(STEPS))
    await visible(desk, "ExecutionStatus = 'Running'", 5)
    monkeypatch.setattr(order_record_source, "TIMEOUT", timedelta(seconds=1))
    summary = await reconcile(desk, ledger_database)
    assert summary.unfinished == ["started orders: no worker answers"]
    assert 3 <= summary.failed == summary.gaps
    assert "no worker answered" in summary.problems[0]
    with ledger_database.connect() as connection:
        found = connection.execute(select(gaps)).all()
    assert {(gap.reason, gap.tries, gap.error) for gap in found} == {("unanswered", 1, "no worker answered")}
    assert all(gap.next_try_at > gap.since for gap in found)
    again = await reconcile(desk, ledger_database)
    assert again.gaps >= summary.gaps, "those are not tried at once"


async def test_a_clash_is_reported_once(desk: Desk, ledger_database: Engine, caplog: pytest.LogCaptureFixture) -> None:
    row = {
        "order_id": "HS-1",
        "earlier_submission": "run-1",
        "later_submission": "run-2",
        "found_at": datetime.now(UTC),
    }
    with write_transaction(ledger_database) as connection:
        connection.execute(clashes.insert(), row)
    assert (await reconcile(desk, ledger_database)).clashes == 1
    assert "the id HS-1 was accepted twice" in caplog.text
    assert (await reconcile(desk, ledger_database)).clashes == 0
