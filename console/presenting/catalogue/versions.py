"""Published versions: the history of what was in force, and one version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.publishing.publish_version import Outcome, PublishResult
from operations.publishing.published_versions import PublishedVersion
from operations.publishing.worker_answers import WorkerAnswer
from views.infrastructure.deployed_catalogue import short_version
from views.shared.value_format import pluralize
from workflows.contract.publication_messages import Publication, ScenarioRun

SHORT_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class VersionRow:
    number: int
    is_in_force: bool
    is_withdrawal: bool
    """From here on, nothing was published."""
    version: str
    short_version: str
    short_digest: str
    at: datetime
    by: str
    reason: str
    remarks: str
    orders: int | None
    """Open orders on this catalogue; None if they are told at a newer number with the same one."""
    same_as: int | None
    previous: int | None
    """The version that was in force before, if its files are kept."""


@dataclass(frozen=True)
class WorkerAnswerText:
    worker: str
    folder: str
    state: str
    tone: str
    problems: tuple[str, ...]
    more: int


def version_rows(versions: Sequence[PublishedVersion]) -> list[VersionRow]:
    """Orders know their catalogue and not a number: those of one catalogue are counted at its newest number."""
    newest: dict[str, int] = {}
    rows = []
    for position, each in enumerate(versions):
        publication = each.publication
        told_at = newest.setdefault(publication.version, publication.number)
        is_withdrawal = publication.content is None
        before = versions[position + 1].publication if position + 1 < len(versions) else None
        rows.append(
            VersionRow(
                number=publication.number,
                is_in_force=each.is_in_force,
                is_withdrawal=is_withdrawal,
                version=publication.version,
                short_version=short_version(publication.version),
                short_digest=publication.digest[:SHORT_DIGEST_LENGTH],
                at=publication.at,
                by=publication.by,
                reason=publication.reason,
                remarks="; ".join(_remarks(publication)),
                orders=each.open_orders if told_at == publication.number and not is_withdrawal else None,
                same_as=told_at if told_at != publication.number and each.open_orders and not is_withdrawal else None,
                previous=before.number if before is not None and before.content is not None else None,
            )
        )
    return rows


def _remarks(publication: Publication) -> Iterator[str]:
    if publication.restores is not None:
        yield f"version {publication.restores} again"
    if publication.promoted_from is not None:
        yield f"from {publication.promoted_from}"
    if publication.revision is not None:
        commit, _, edited = publication.revision.partition(",")
        yield f"git {commit[:SHORT_DIGEST_LENGTH]}{f',{edited}' if edited else ''}"
    if publication.content is not None:
        yield f"scenarios: {scenario_text(publication.scenarios)}"
    if publication.forced:
        yield f"forced: {pluralize(len(publication.forced), 'worker')} had not agreed"


def scenario_text(scenarios: ScenarioRun | None) -> str:
    if scenarios is None:
        return "not run"
    if not scenarios.passed and not scenarios.failed:
        return "there are none"
    failed = f", {len(scenarios.failed)} failed ({', '.join(scenarios.failed)})" if scenarios.failed else ""
    return f"{scenarios.passed} passed{failed}"


def worker_answers(answers: Sequence[WorkerAnswer]) -> list[WorkerAnswerText]:
    return [
        WorkerAnswerText(each.worker, each.definitions, *_answer_words(each), tuple(each.problems or ()), each.more)
        for each in answers
    ]


def _answer_words(answer: WorkerAnswer) -> tuple[str, str]:
    if answer.problems is None:
        return "has not answered", "warn"
    return ("cannot use it", "bad") if answer.problems else ("can use it", "good")


def publish_notice(result: PublishResult) -> tuple[str, bool]:
    """What publishing did, in a sentence; and whether that is a problem."""
    publication, before = result.publication, result.before
    if publication is None or (publication.content is None and result.outcome is Outcome.ALREADY):
        return "Nothing is published: workers read their own folders. Nothing has changed", True
    name = f"Version {publication.number}"
    match result.outcome:
        case Outcome.ALREADY:
            return f"{name} is in force already, with the same files. Nothing was published", True
        case Outcome.REFUSED:
            return f"{name} is not published: workers cannot use it. Nothing has changed", True
        case Outcome.DRY_RUN:
            return f"{name} would be in force. Nothing was published", False
        case Outcome.PUBLISHED:
            return _published_notice(publication, before, result.workers)


def _published_notice(
    publication: Publication, before: Publication | None, workers: Sequence[WorkerAnswer]
) -> tuple[str, bool]:
    ready = sum(each.is_ready for each in workers)
    counted = f"{ready} of {pluralize(len(workers), 'worker')}"
    if publication.content is None:
        what = f"Version {before.number}" if before is not None else "What was published"
        return f"{what} is withdrawn. {counted} read their own folders again", ready < len(workers)
    replaced = f", instead of version {before.number}" if before is not None and before.content else ""
    return f"Version {publication.number} is in force{replaced}. Taken by {counted}", ready < len(workers)
