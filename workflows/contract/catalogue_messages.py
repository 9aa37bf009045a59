"""What workers and clients exchange with the catalogue of a deployment (workflows/deployed_catalogue.py).

Workers read definitions from files of their own. Each reports the catalogue that it has in force, and the edit that it
refused. Clients read the reports from the workflow's memo, which needs no worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from activity_contract.payloads import WireModel
from workflows.contract.order_messages import TASK_QUEUE

CATALOGUE_WORKFLOW_TYPE = "DeployedCatalogue"
MEMO_CATALOGUE = "catalogue"  # DeployedCatalogueView

# Signals; the first one starts the workflow
SIGNAL_REPORT = "report"  # CatalogueReport: what a worker has in force
SIGNAL_WITHDRAW = "withdraw"  # the worker's identity: it stops

REPORT_INTERVAL = timedelta(minutes=1)
"""A worker repeats its report after this time, to show that it still runs."""
REPORT_EXPIRY = 3 * REPORT_INTERVAL
"""A worker that has not reported for so long is dead."""


def catalogue_workflow_id(task_queue: str = TASK_QUEUE) -> str:
    """One workflow for each deployment (task queue) in a namespace."""
    return f"catalogue/{task_queue}"


class RefusedEdit(WireModel):
    """An edit of the definitions that a worker refused. The catalogue before it stays in force."""

    since: datetime
    findings: list[str]
    """The first ones, shortened."""
    more: int = 0
    """Findings that are left out."""


class CatalogueReport(WireModel):
    worker: str
    """The identity of the worker's Temporal client."""
    definitions: str
    """The folder, as the worker's machine names it."""
    version: str
    """Of the catalogue in force."""
    since: datetime
    """When the worker put it in force."""
    refused: RefusedEdit | None = None


class WorkerCatalogue(CatalogueReport):
    """The last report of a worker."""

    reported_at: datetime


class DeployedCatalogueView(WireModel):
    workers: list[WorkerCatalogue] = []
    """The newest report first."""
