"""The worker that keeps the ledger in agreement with the orders. Only processes that have a ledger run it."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import structlog
from sqlalchemy import URL, Engine
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from ledger.database import open_ledger
from ledger.reconciliation.reconciliation_activity import ReconciliationActivity
from ledger.reconciliation.reconciliation_messages import ledger_task_queue
from ledger.reconciliation.reconciliation_workflow import LedgerReconciliation
from ledger.reconciliation.schedule import ensure_schedule
from ledger.reconciliation.settings import (
    InvalidReconciliationSettings,
    ReconciliationSettings,
    read_settings,
)
from workflows.contract.connection_reasons import plain_line

logger = structlog.get_logger("worker")

RETRY_INTERVAL = 10.0
"""Seconds until the schedule is looked after again if it could not be created."""
GRACE = timedelta(seconds=2)
"""For the run under way, before shutdown. What it leaves is for the next one."""


CONNECTIONS = 4


def start_reconciling(client: Client, task_queue: str, ledger: URL) -> ReconciliationWorker:
    """With what the environment says of it. A wrong setting is logged, and the defaults count."""
    try:
        settings = read_settings(os.environ)
    except InvalidReconciliationSettings as error:
        logger.warning("reconciliation of the ledger uses its default settings", reason=str(error))
        settings = ReconciliationSettings()
    # Connections of its own: a busy reconciliation never keeps the feed waiting for one.
    engine = open_ledger(ledger, connections=CONNECTIONS, application="ordo reconciliation")
    worker = ReconciliationWorker(client, task_queue, engine, settings)
    worker.start()
    return worker


class ReconciliationWorker:
    def __init__(self, client: Client, task_queue: str, engine: Engine, settings: ReconciliationSettings) -> None:
        """It disposes of `engine` when it stops."""
        self._engine = engine
        self._client = client
        self._task_queue = task_queue
        self._settings = settings
        reconciliation = ReconciliationActivity(client, task_queue, engine, settings)
        self._worker = Worker(
            client,
            task_queue=ledger_task_queue(task_queue),
            workflows=[LedgerReconciliation],
            activities=[reconciliation.reconcile],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=2,
            max_concurrent_workflow_tasks=2,
            max_concurrent_workflow_task_polls=2,
            max_concurrent_activities=1,
            max_concurrent_activity_task_polls=1,
            graceful_shutdown_timeout=GRACE,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Returns at once. Orders run also if this worker fails, which it logs."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._schedule())]

    async def stop(self) -> None:
        if not self._tasks:
            return
        running, scheduling = self._tasks
        scheduling.cancel()
        if self._worker.is_running:
            await self._worker.shutdown()
        else:
            running.cancel()
        await asyncio.wait(self._tasks)
        self._engine.dispose()

    async def _run(self) -> None:
        try:
            await self._worker.run()
        except Exception as error:
            logger.error("the ledger is no longer reconciled by this worker", reason=plain_line(str(error)))

    async def _schedule(self) -> None:
        while True:
            try:
                await ensure_schedule(self._client, self._task_queue, self._settings)
            except RPCError as error:
                logger.warning("reconciliation of the ledger cannot be scheduled yet", reason=plain_line(error.message))
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                return
