"""The JSON of published versions, on the command line and over HTTP. Programs rely on these keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from operations.publishing.publish_version import PublishResult
from operations.publishing.published_versions import PublishedVersion
from operations.responses import CatalogueResponse, Response, catalogue_response
from workflows.contract.catalogue_messages import WorkerCatalogue


class ScenarioRunResponse(Response):
    passed: int
    failed: list[str]


class VersionResponse(Response):
    """A published version of the catalogue."""

    number: int
    in_force: bool
    version: str | None = Field(description="The catalogue version that orders carry. None: nothing is published")
    digest: str | None = Field(description="SHA-256 of the files, the same in every environment")
    by: str
    reason: str
    at: datetime
    scenarios: ScenarioRunResponse | None = Field(description="None: they were not run")
    revision: str | None = Field(
        description="The git commit of the folder, with `, edited` if it had been edited since"
    )
    restores: int | None = Field(description="The number of the version that was put in force again")
    promoted_from: str | None = Field(description="The environment and the number there")
    forced: list[str] = Field(description="Workers that had refused it, or had not answered")
    open_orders: int = Field(
        description="Orders that run on this catalogue version. Numbers with the same one share them"
    )


class VersionListResponse(CatalogueResponse):
    versions: list[VersionResponse] = Field(description="The newest first")


def version_response(version: PublishedVersion) -> VersionResponse:
    publication = version.publication
    return VersionResponse(
        in_force=version.is_in_force,
        open_orders=version.open_orders,
        version=publication.version or None,
        digest=publication.digest or None,
        **publication.model_dump(exclude={"content", "version", "digest"}),
    )


def version_list_response(
    versions: Sequence[PublishedVersion], workers: Sequence[WorkerCatalogue]
) -> VersionListResponse:
    return VersionListResponse(
        versions=[version_response(each) for each in versions], workers=catalogue_response(workers).workers
    )


class WorkerAnswerResponse(Response):
    worker: str
    definitions: str
    ready: bool | None = Field(description="None: it has not answered")
    problems: list[str]


class PublishResponse(Response):
    outcome: Literal["published", "already", "refused", "dry_run"]
    environment: str | None
    number: int | None
    version: str | None
    digest: str | None
    before: int | None = Field(description="The number of the last publication before")
    workers: list[WorkerAnswerResponse]


def publish_response(result: PublishResult, environment: str | None) -> PublishResponse:
    publication, before = result.publication, result.before
    return PublishResponse(
        outcome=result.outcome.value,
        environment=environment,
        number=publication.number if publication else None,
        version=(publication.version or None) if publication else None,
        digest=(publication.digest or None) if publication else None,
        before=before.number if before else None,
        workers=[
            WorkerAnswerResponse(
                worker=each.worker,
                definitions=each.definitions,
                ready=None if each.problems is None else each.is_ready,
                problems=list(each.problems or ()),
            )
            for each in result.workers
        ],
    )
