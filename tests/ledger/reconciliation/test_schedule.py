"""The schedule starts reconciliation in a worker that has a ledger."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, Engine
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from ledger.database import open_ledger
from ledger.reconciliation.reconciliation_messages import ledger_task_queue, reconciliation_schedule_id
from ledger.reconciliation.schedule import ensure_schedule
from ledger.reconciliation.settings import ReconciliationSettings
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.reconciliation.watermarks import RECONCILIATION, read_watermark
from workers.ledger_reconciliation import ReconciliationWorker

QUICK = ReconciliationSettings(interval=timedelta(seconds=1))


@asynccontextmanager
async def scheduled(client: Client, engine: Engine) -> AsyncIterator[str]:
    """The task queue of a deployment whose ledger is reconciled every second."""
    task_queue = f"tests-{uuid.uuid4().hex[:8]}"
    worker = ReconciliationWorker(client, task_queue, engine, QUICK)
    worker.start()
    try:
        yield task_queue
    finally:
        await worker.stop()
        await client.get_schedule_handle(reconciliation_schedule_id(task_queue)).delete()


async def ended_runs(client: Client, task_queue: str, status: WorkflowExecutionStatus) -> list[WorkflowExecution]:
    """At least two."""
    query = f"TaskQueue = '{ledger_task_queue(task_queue)}'"
    for _ in range(200):
        runs = [run async for run in client.list_workflows(query) if run.status is status]
        if len(runs) >= 2:
            return runs
        await asyncio.sleep(0.1)
    raise AssertionError([run.status async for run in client.list_workflows(query)])


async def test_it_runs_again_and_again_and_says_what_it_did(
    temporal: WorkflowEnvironment, ledger_database: Engine
) -> None:
    async with scheduled(temporal.client, ledger_database) as task_queue:
        run = (await ended_runs(temporal.client, task_queue, WorkflowExecutionStatus.COMPLETED))[-1]
        handle = temporal.client.get_workflow_handle(run.id, run_id=run.run_id, result_type=ReconciliationSummary)
        summary = await handle.result()
        assert (summary.checked, summary.failed, summary.unfinished) == (0, 0, [])
    with ledger_database.connect() as connection:
        mark = read_watermark(connection, RECONCILIATION)
    assert mark.at is not None
    assert ReconciliationSummary.model_validate(mark.value).started_at >= summary.started_at


async def test_a_run_without_a_usable_ledger_fails_and_says_why(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"no database" * 1_000)
    engine = open_ledger(URL.create("sqlite+pysqlite", database=str(tmp_path / "broken.sqlite")))
    async with scheduled(temporal.client, engine) as task_queue:
        run = (await ended_runs(temporal.client, task_queue, WorkflowExecutionStatus.FAILED))[-1]
        try:
            await temporal.client.get_workflow_handle(run.id, run_id=run.run_id).result()
        except WorkflowFailureError as error:
            cause = error.cause.__cause__
        assert isinstance(cause, ApplicationError)
        assert "broken.sqlite) cannot be used: file is not a database" in cause.message
    engine.dispose()


async def test_other_settings_change_the_schedule_and_a_pause_stays(temporal: WorkflowEnvironment) -> None:
    client, task_queue = temporal.client, f"tests-{uuid.uuid4().hex[:8]}"
    handle = client.get_schedule_handle(reconciliation_schedule_id(task_queue))
    try:
        await ensure_schedule(client, task_queue, ReconciliationSettings())
        await handle.pause(note="a migration")
        await ensure_schedule(client, task_queue, ReconciliationSettings())
        await ensure_schedule(client, task_queue, ReconciliationSettings(interval=timedelta(minutes=5)))
        schedule = (await handle.describe()).schedule
        assert [each.every for each in schedule.spec.intervals] == [timedelta(minutes=5)]
        assert (schedule.state.paused, schedule.state.note) == (True, "a migration")
    finally:
        await handle.delete()
