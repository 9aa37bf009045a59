"""A worker reports the catalogue that it has in force, and the edit that it refused, to its deployment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueRefusal, LiveCatalogue
from workflows.contract.catalogue_messages import (
    CATALOGUE_WORKFLOW_TYPE,
    REPORT_INTERVAL,
    SIGNAL_REPORT,
    SIGNAL_WITHDRAW,
    CatalogueReport,
    RefusedEdit,
    catalogue_workflow_id,
)

logger = structlog.get_logger("worker")

RETRY_INTERVAL = 10.0
"""Seconds until a report that could not be sent is sent again."""
WITHDRAW_TIMEOUT = 2.0
"""Seconds. A worker whose withdrawal is lost is forgotten after REPORT_EXPIRY."""
MAX_FINDINGS = 5
MAX_FINDING_LENGTH = 300
"""Characters. The reports of all workers must fit into one memo."""


class CatalogueReporter:
    def __init__(self, client: Client, task_queue: str, live_catalogue: LiveCatalogue, definitions: Path) -> None:
        self._client = client
        self._task_queue = task_queue
        self._live_catalogue = live_catalogue
        self._definitions = str(definitions.resolve())
        self._changed = asyncio.Event()
        self._report_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Reports now, after each change, and every REPORT_INTERVAL."""
        self._live_catalogue.status_listeners.append(self._changed.set)
        self._report_task = asyncio.create_task(self._keep_reporting())

    async def stop(self) -> None:
        """Withdraws the report. Must run while this worker, or another one, still serves the task queue."""
        if self._report_task is None:
            return
        self._report_task.cancel()
        await asyncio.wait([self._report_task])
        handle = self._client.get_workflow_handle(catalogue_workflow_id(self._task_queue))
        with suppress(RPCError, TimeoutError):
            async with asyncio.timeout(WITHDRAW_TIMEOUT):
                await handle.signal(SIGNAL_WITHDRAW, self._client.identity)

    async def _keep_reporting(self) -> None:
        while True:
            self._changed.clear()
            pause = REPORT_INTERVAL.total_seconds()
            try:
                await self._send_report()
            except RPCError as error:
                logger.warning("the catalogue cannot be reported yet", reason=error.message.splitlines()[0][:200])
                pause = RETRY_INTERVAL
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), pause)

    async def _send_report(self) -> None:
        await self._client.start_workflow(
            CATALOGUE_WORKFLOW_TYPE,
            id=catalogue_workflow_id(self._task_queue),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Catalogue of the workers of {self._task_queue}",
            start_signal=SIGNAL_REPORT,
            start_signal_args=[self._current_report()],
        )

    def _current_report(self) -> CatalogueReport:
        in_force, refusal = self._live_catalogue.current, self._live_catalogue.refusal
        return CatalogueReport(
            worker=self._client.identity,
            definitions=self._definitions,
            version=in_force.catalogue.version,
            since=in_force.since,
            refused=_refused_edit(refusal) if refusal is not None else None,
        )


def _refused_edit(refusal: CatalogueRefusal) -> RefusedEdit:
    shown = [problem[:MAX_FINDING_LENGTH] for problem in refusal.problems[:MAX_FINDINGS]]
    return RefusedEdit(since=refusal.since, findings=shown, more=len(refusal.problems) - len(shown))
