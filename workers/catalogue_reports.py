"""A worker reports the catalogue that it has in force, and the edit that it refused, to its deployment.

It also stores the catalogue, for workers whose own files are refused.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueRefusal, LiveCatalogue
from catalogue_store.store import CatalogueStore
from workers.catalogue_keeper import CatalogueKeeper
from workers.publication_follower import PublicationFollower
from workflows.contract.catalogue_messages import (
    CATALOGUE_WORKFLOW_TYPE,
    MEMO_CATALOGUE,
    REPORT_INTERVAL,
    SIGNAL_REPORT,
    SIGNAL_WITHDRAW,
    CatalogueReport,
    DeployedCatalogueView,
    RefusedEdit,
    StoredCatalogue,
    catalogue_workflow_id,
)

logger = structlog.get_logger("worker")

FOLLOW_INTERVAL = 5.0
"""Seconds between two looks at what other workers have put in force, while the worker's own files are refused."""
RETRY_INTERVAL = 10.0
"""Seconds until a report that could not be sent is sent again."""
WITHDRAW_TIMEOUT = 2.0
"""Seconds. A worker whose withdrawal is lost is forgotten after REPORT_EXPIRY."""
MAX_FINDINGS = 5
MAX_FINDING_LENGTH = 300
"""Characters. The reports of all workers must fit into one memo."""


class CatalogueReporter:
    def __init__(
        self,
        client: Client,
        task_queue: str,
        live_catalogue: LiveCatalogue,
        definitions: Path,
        store: CatalogueStore,
        publications: PublicationFollower,
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._live_catalogue = live_catalogue
        self._definitions = str(definitions.resolve())
        self._keeper = CatalogueKeeper(store, live_catalogue)
        self._publications = publications
        self._changed = asyncio.Event()
        self._report_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reports now, after each change, and every REPORT_INTERVAL. Returns after the first attempt to report."""
        self._live_catalogue.status_listeners.append(self._changed.set)
        self._publications.listeners.append(self._changed.set)
        pause = await self._report()
        self._report_task = asyncio.create_task(self._keep_reporting(pause))

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

    async def _keep_reporting(self, pause: float) -> None:
        while True:
            await self._wait_for_change(pause)
            pause = await self._report()

    async def _wait_for_change(self, longest: float) -> None:
        """Looks meanwhile for a better catalogue, if its own files are refused: that is a change, too."""
        end = time.monotonic() + longest
        while (left := end - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, FOLLOW_INTERVAL))
                return
            except TimeoutError:
                with suppress(RPCError):  # the next report tells it
                    await self._keeper.follow_last_good()

    async def _report(self) -> float:
        """Returns after how many seconds to report again."""
        self._changed.clear()
        try:
            await self._keeper.follow_last_good()
            await self._send_report(await self._keeper.keep_current())
            await self._keeper.release_unused()
        except RPCError as error:
            logger.warning("the catalogue cannot be reported yet", reason=error.message.splitlines()[0][:200])
            return RETRY_INTERVAL
        return REPORT_INTERVAL.total_seconds()

    async def _send_report(self, stored: StoredCatalogue | None) -> None:
        await self._client.start_workflow(
            CATALOGUE_WORKFLOW_TYPE,
            id=catalogue_workflow_id(self._task_queue),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            # Until the workflow has run for the first time. Without it, a worker that ends at once would leave nothing.
            memo={MEMO_CATALOGUE: DeployedCatalogueView(stored=stored).model_dump(mode="json")},
            static_summary=f"Catalogue of the workers of {self._task_queue}",
            start_signal=SIGNAL_REPORT,
            start_signal_args=[self._current_report(stored)],
        )

    def _current_report(self, stored: StoredCatalogue | None) -> CatalogueReport:
        in_force, refusal = self._live_catalogue.current, self._live_catalogue.refusal
        return CatalogueReport(
            worker=self._client.identity,
            definitions=self._definitions,
            version=in_force.catalogue.version,
            since=in_force.since,
            refused=_refused_edit(refusal) if refusal is not None else None,
            stored=stored,
            publications=self._publications.report,
        )


def _refused_edit(refusal: CatalogueRefusal) -> RefusedEdit:
    shown = [problem[:MAX_FINDING_LENGTH] for problem in refusal.problems[:MAX_FINDINGS]]
    return RefusedEdit(since=refusal.since, findings=shown, more=len(refusal.problems) - len(shown))
