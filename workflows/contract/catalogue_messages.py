"""What workers and clients exchange with the catalogue of a deployment (workflows/deployed_catalogue.py).

Workers read definitions from files of their own. Each reports the catalogue that it has in force, and the edit that it
refused. Clients read the reports from the workflow's memo, which needs no worker.

The last good catalogue is kept in Temporal (catalogue_store/): its content is in the history of two workflows
(workflows/catalogue_content.py), one for the definitions of a version, and one for systems and receivers.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from activity_contract.payloads import WireModel
from workflows.contract.order_messages import TASK_QUEUE
from workflows.contract.publication_reports import PublicationReport

CATALOGUE_WORKFLOW_TYPE = "DeployedCatalogue"
MEMO_CATALOGUE = "catalogue"  # DeployedCatalogueView

CONTENT_WORKFLOW_TYPE = "CatalogueContent"
MEMO_VERSION = "version"  # of a CatalogueContent: the version whose definitions it holds; "" for an environment

# Signals of CatalogueContent
SIGNAL_PIECE = "piece"  # the number of the piece, from 1, and its bytes; piece 0 is in the workflow's input
SIGNAL_RELEASE = "release"  # nobody needs the content any more

# Signals of DeployedCatalogue; the first one starts the workflow
SIGNAL_REPORT = "report"  # CatalogueReport: what a worker has in force
SIGNAL_WITHDRAW = "withdraw"  # the worker's identity: it stops

REPORT_INTERVAL = timedelta(minutes=1)
"""A worker repeats its report after this time, to show that it still runs."""
REPORT_EXPIRY = 3 * REPORT_INTERVAL
"""A worker that has not reported for so long is dead."""


def catalogue_workflow_id(task_queue: str = TASK_QUEUE) -> str:
    """One workflow for each deployment (task queue) in a namespace."""
    return f"catalogue/{task_queue}"


def content_workflow_id(task_queue: str, version: str, digest: str) -> str:
    """`version`: "" for an environment."""
    return f"{catalogue_workflow_id(task_queue)}/{version or 'environment'}/{digest[:16]}"


class StoredContent(WireModel):
    """What a CatalogueContent holds. Its pieces, one after the other, are the content."""

    version: str
    """The version whose definitions it holds; "" for an environment: systems and receivers."""
    digest: str
    """SHA-256 of all pieces together."""
    pieces: int


class StoredCatalogue(WireModel):
    """A good catalogue that is kept for workers whose own files are refused."""

    version: str
    since: datetime
    """When a worker put it in force."""
    definitions: StoredContent
    environment: StoredContent


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
    stored: StoredCatalogue | None = None
    """The catalogue that the worker has stored; None if it has none of its own, as its files are refused."""
    publications: PublicationReport | None = None
    """None: the worker runs an earlier release, which takes no published versions."""


class WorkerCatalogue(CatalogueReport):
    """The last report of a worker."""

    reported_at: datetime


class DeployedCatalogueView(WireModel):
    workers: list[WorkerCatalogue] = []
    """The newest report first."""
    stored: StoredCatalogue | None = None
    """The last good catalogue of all workers."""
