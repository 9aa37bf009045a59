"""Published versions of a deployment's catalogue (catalogue_store/publications.py, workflows/published_catalogue.py).

A publication is a workflow that runs for as long as the version is kept. Its number is part of its workflow id, so that
of two people who publish at the same time only one gets a number. The publication with the highest number is in force.
Everything that a reader needs is in its memo from the start: publishing and reading need no worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from activity_contract.payloads import WireModel
from workflows.contract.catalogue_messages import StoredContent
from workflows.contract.order_messages import TASK_QUEUE

PUBLISHED_WORKFLOW_TYPE = "PublishedCatalogue"
MEMO_PUBLICATION = "publication"  # Publication

SIGNAL_RELEASE = "release"  # the version is not kept any longer

CANDIDATE_TIMEOUT = timedelta(minutes=3)
"""The server ends a candidate after this time, should its publisher die. Nobody else can publish meanwhile."""


def publications_prefix(task_queue: str = TASK_QUEUE) -> str:
    return f"published/{task_queue}/"


def publication_workflow_id(task_queue: str, number: int) -> str:
    return f"{publications_prefix(task_queue)}{number}"


def candidate_workflow_id(task_queue: str) -> str:
    """The version that somebody is about to publish. Workers say whether they can take it."""
    return f"{publications_prefix(task_queue)}candidate"


def files_workflow_id(task_queue: str, digest: str) -> str:
    """A CatalogueContent with all files of a version. `digest`: of its pieces."""
    return f"{publications_prefix(task_queue)}files/{digest[:16]}"


class ScenarioRun(WireModel):
    """What the scenarios of a version said before it was published."""

    passed: int
    failed: list[str] = []
    """Ids. Not empty only where the version was published nevertheless."""


class Publication(WireModel):
    number: int
    """From 1, in each deployment on its own."""
    version: str = ""
    """The catalogue version, which orders carry. Empty if `content` is None."""
    digest: str = ""
    """compiler.catalogue_files.CatalogueFiles.digest: the same in every deployment that has the same files."""
    content: StoredContent | None = None
    """Where the files are. None: from here on, nothing is published, and workers read their own folders."""
    by: str
    reason: str
    at: datetime
    scenarios: ScenarioRun | None = None
    """None: they were not run."""
    revision: str | None = None
    """The git commit of the folder, with `, edited` if its files differed from it."""
    restores: int | None = None
    """The number of the earlier publication with the same files, if it was put in force again."""
    promoted_from: str | None = None
    """The environment and the number there: `test 12`."""
    forced: list[str] = []
    """Workers that had refused the version, or had not answered, when it was published nevertheless."""
