"""Published versions: the history of what was in force, and one version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.publishing.publish_version import Outcome, PublishResult
from operations.publishing.published_versions import PublishedVersion
from operations.publishing.worker_answers import WorkerAnswer
from views.infrastructure.deployed_catalogue import short_version
from views.infrastructure.publishing import (
    SHORT_DIGEST_LENGTH,
    origins,
    publish_headline,
    scenario_text,
    worker_summary,
)
from workflows.contract.publication_messages import Publication


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
    yield from origins(publication)
    if publication.scenarios is not None and not publication.scenarios.failed:
        yield f"scenarios: {scenario_text(publication.scenarios.passed, ())}"
    if publication.revision is not None:
        commit, _, edited = publication.revision.partition(",")
        yield f"git {commit[:SHORT_DIGEST_LENGTH]}{f',{edited}' if edited else ''}"


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
    """What publishing did, in a sentence or two; and whether that is a problem."""
    text = " ".join(filter(None, (publish_headline(result), worker_summary(result))))
    is_behind = result.outcome is Outcome.PUBLISHED and not all(each.is_ready for each in result.workers)
    return text, is_behind or result.outcome in (Outcome.ALREADY, Outcome.REFUSED)
