"""The catalogue of a deployment: which version each worker has in force, and which edits were refused.

One workflow for each task queue. It runs for as long as the deployment exists, and holds the last report of each live
worker, and where the last good catalogue is stored.
"""

from __future__ import annotations

from temporalio import workflow

from workflows.contract.catalogue_messages import (
    CATALOGUE_WORKFLOW_TYPE,
    MEMO_CATALOGUE,
    REPORT_EXPIRY,
    SIGNAL_REPORT,
    SIGNAL_WITHDRAW,
    CatalogueReport,
    DeployedCatalogueView,
    WorkerCatalogue,
)

MAX_WORKERS = 50
"""The memo keeps the newest reports of so many workers."""


@workflow.defn(name=CATALOGUE_WORKFLOW_TYPE, sandboxed=False)
class DeployedCatalogue:
    @workflow.init
    def __init__(self, carried: DeployedCatalogueView | None = None) -> None:
        self._view = carried or DeployedCatalogueView()

    @workflow.run
    async def run(self, carried: DeployedCatalogueView | None = None) -> None:  # noqa: ARG002 - read by __init__
        await workflow.wait_condition(workflow.info().is_continue_as_new_suggested)
        workflow.continue_as_new(self._view)

    @workflow.signal(name=SIGNAL_REPORT)
    def report(self, report: CatalogueReport) -> None:
        known, stored = self._view.stored, report.stored
        if stored is not None and (known is None or stored.since > known.since):
            self._view = self._view.model_copy(update={"stored": stored})
        newest = WorkerCatalogue(**(dict(report) | {"stored": None}), reported_at=workflow.now())
        self._replace_report(report.worker, [newest])

    @workflow.signal(name=SIGNAL_WITHDRAW)
    def withdraw(self, worker: str) -> None:
        self._replace_report(worker, [])

    def _replace_report(self, worker: str, reports: list[WorkerCatalogue]) -> None:
        """Puts `reports` in place of the worker's last one, and forgets workers that are dead."""
        alive = workflow.now() - REPORT_EXPIRY
        others = [each for each in self._view.workers if each.worker != worker and each.reported_at > alive]
        self._view = self._view.model_copy(update={"workers": [*reports, *others][:MAX_WORKERS]})
        # The memo can be read although no worker runs.
        workflow.upsert_memo({MEMO_CATALOGUE: self._view.model_dump(mode="json")})
