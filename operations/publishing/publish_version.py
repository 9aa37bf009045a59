"""Puts a version of the catalogue in force for all workers of a task queue, or withdraws what is published.

The workers are asked first. Only if they can use the version is it published, so that they change together or not at
all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from temporalio.client import Client

from catalogue_store.content import ContentTooLarge
from catalogue_store.publications import Candidate, NumberTaken, PublicationStore, PublishingNow
from operations.errors import CONTENT_CONFLICT, OperationRefused, server_call
from operations.publishing.published_versions import find_version, read_packed_files
from operations.publishing.worker_answers import WorkerAnswer, wait_for_verdicts, wait_until_taken, wait_until_withdrawn
from operations.temporal.connection import server_address
from workflows.contract.catalogue_messages import StoredContent
from workflows.contract.order_messages import Actor, RefusalCode
from workflows.contract.publication_messages import CANDIDATE_TIMEOUT, Publication, ScenarioRun

DEFAULT_TIMEOUT = 30.0
"""Seconds to wait for the workers' answers, twice: before and after."""
CANDIDATE_MINUTES = int(CANDIDATE_TIMEOUT.total_seconds() // 60)
WRITE_TIMEOUT = 120.0
"""Seconds to write the files of a large catalogue."""


@dataclass(frozen=True)
class VersionToPublish:
    version: str
    """The catalogue version: `sha256:…`."""
    digest: str
    """Of the files."""
    packed: bytes
    """The result of CatalogueFiles.pack."""
    scenarios: ScenarioRun | None = None
    revision: str | None = None
    """The git commit of the folder."""
    restores: int | None = None
    promoted_from: str | None = None


@dataclass(frozen=True)
class PublishCommand:
    version: VersionToPublish | None
    """None withdraws what is published: workers read their own files again."""
    actor: Actor
    expected: int | None = None
    """The number of the last publication that the actor saw (0: none). None skips the check."""
    dry_run: bool = False
    force: bool = False
    """Publish although workers refuse it, or do not answer."""
    timeout: float = DEFAULT_TIMEOUT


class Outcome(StrEnum):
    PUBLISHED = "published"
    ALREADY = "already"
    """The same files are in force, or nothing was published that could be withdrawn."""
    REFUSED = "refused"
    """Workers cannot use it. Nothing has changed."""
    DRY_RUN = "dry_run"


@dataclass(frozen=True)
class PublishResult:
    outcome: Outcome
    publication: Publication | None
    """In force now; with `refused` and `dry_run`, what would be. None: nothing was published at all."""
    before: Publication | None
    """The last publication before this one."""
    workers: list[WorkerAnswer]


async def read_version_to_publish(
    client: Client, task_queue: str, reference: str, environment: str | None = None
) -> VersionToPublish:
    """The very bytes of a version that is published here, to publish them again here, or elsewhere.

    `reference`: as for `find_version`. `environment`: what this deployment is called, if it is published elsewhere.
    Raises NotFound and OperationError.
    """
    publication = await find_version(client, task_queue, reference)
    packed, _ = await read_packed_files(client, task_queue, publication)
    return VersionToPublish(
        version=publication.version,
        digest=publication.digest,
        packed=packed,
        scenarios=publication.scenarios,
        revision=publication.revision,
        restores=publication.number if environment is None else None,
        promoted_from=f"{environment} {publication.number}" if environment is not None else None,
    )


async def publish_version(client: Client, task_queue: str, command: PublishCommand) -> PublishResult:
    """Returns when the workers have taken the version or the timeout has passed.

    Raises OperationRefused (CONTENT_CONFLICT) if somebody else publishes, or has published since `expected`.
    """
    publisher = _Publisher(client, task_queue, command)
    async with server_call("The catalogue", server_address(client), WRITE_TIMEOUT + 2 * command.timeout):
        return await publisher.publish()


class _Publisher:
    def __init__(self, client: Client, task_queue: str, command: PublishCommand) -> None:
        self._client, self._task_queue, self._command = client, task_queue, command
        self._store = PublicationStore(client, task_queue)

    async def publish(self) -> PublishResult:
        version, expected = self._command.version, self._command.expected
        latest = await self._store.read_latest()
        if expected is not None and latest is not None and latest.number != expected:
            raise _published_meanwhile(latest)
        if _is_in_force(version, latest):
            return PublishResult(Outcome.ALREADY, latest, latest, [])
        publication = _publication(self._command, latest)
        if version is not None:
            publication = publication.model_copy(update={"content": await self._write(version)})
        try:
            candidate = await self._store.propose(publication)
        except PublishingNow as other:
            raise _publishing_now(other.candidate) from None
        try:
            return await self._ask_and_publish(candidate, latest)
        finally:
            await self._store.withdraw(candidate)

    async def _ask_and_publish(self, candidate: Candidate, latest: Publication | None) -> PublishResult:
        publication, timeout = candidate.publication, self._command.timeout
        answers = await wait_for_verdicts(self._client, self._task_queue, candidate.id, timeout)
        refusing = [each for each in answers if each.refuses] if publication.content is not None else []
        if answers and publication.content is not None and all(each.problems is None for each in answers):
            refusing = answers
        if refusing and not self._command.force:
            return PublishResult(Outcome.REFUSED, publication, latest, answers)
        if self._command.dry_run:
            return PublishResult(Outcome.DRY_RUN, publication, latest, answers)
        publication = publication.model_copy(update={"forced": [each.worker for each in refusing]})
        try:
            await self._store.put_in_force(publication)
        except NumberTaken as other:
            raise _published_meanwhile(other.taken) from None
        wait = wait_until_taken if publication.content is not None else wait_until_withdrawn
        silent = {each.worker for each in answers if each.problems is None}
        answers = await wait(self._client, self._task_queue, publication.number, silent, timeout)
        return PublishResult(Outcome.PUBLISHED, publication, latest, answers)

    async def _write(self, version: VersionToPublish) -> StoredContent:
        try:
            return await self._store.write_files(version.version, version.packed)
        except ContentTooLarge as too_large:
            raise OperationRefused(RefusalCode.INVALID, f"Nothing is published: {too_large}") from None


def _is_in_force(version: VersionToPublish | None, latest: Publication | None) -> bool:
    if version is None:
        return latest is None or latest.content is None
    return latest is not None and latest.content is not None and latest.digest == version.digest


def _publication(command: PublishCommand, latest: Publication | None) -> Publication:
    """Without content."""
    version = command.version
    further: dict[str, Any] = {}
    if version is not None:
        further = {
            "version": version.version,
            "digest": version.digest,
            "scenarios": version.scenarios,
            "revision": version.revision,
            "restores": version.restores,
            "promoted_from": version.promoted_from,
        }
    return Publication(
        number=latest.number + 1 if latest is not None else 1,
        by=command.actor.signature,
        reason=command.actor.reason,
        at=datetime.now(UTC),
        **further,
    )


def _published_meanwhile(taken: Publication) -> OperationRefused:
    what = f"published version {taken.number}" if taken.content else "withdrawn what was published"
    return OperationRefused(
        CONTENT_CONFLICT,
        f"{taken.by} has {what} meanwhile ({taken.reason}). Nothing else was published: look at what has changed, and "
        "publish again",
        reason="published_meanwhile",
        data={"number": taken.number, "by": taken.by},
    )


def _publishing_now(candidate: Publication) -> OperationRefused:
    return OperationRefused(
        CONTENT_CONFLICT,
        f"{candidate.by} is publishing a version at this moment ({candidate.reason}). Nothing else was published: wait "
        "until it is in force, and publish again. If it was given up, it ends by itself within "
        f"{CANDIDATE_MINUTES} minutes",
        reason="publishing_now",
        data={"number": candidate.number, "by": candidate.by},
    )
