"""A bulk job as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.presenting.actions.action_words import action_label
from console.presenting.actions.suggestions import order_url, step_url
from console.presenting.bulk.choice import noun_of
from operations.bulk.job_reading import JobDetails, JobState
from workflows.contract.actions import ACTIONS
from workflows.contract.bulk_messages import BulkOutcome, BulkProgress, BulkTargetResult

OUTCOMES: Mapping[BulkOutcome, tuple[str, str]] = {
    BulkOutcome.DONE: ("done", "good"),
    BulkOutcome.ALREADY: ("had been done before", "quiet"),
    BulkOutcome.FAILED_AGAIN: ("failed again", "bad"),
    BulkOutcome.REFUSED: ("refused", "warn"),
    BulkOutcome.UNANSWERED: ("no answer", "bad"),
    BulkOutcome.LEFT: ("left", "quiet"),
    BulkOutcome.WAITING: ("waits", "planned"),
}
"""Outcome → its word and tone, in the order in which they are shown."""
STATES: Mapping[JobState, tuple[str, str]] = {
    "running": ("● running", "active"),
    "paused": ("‖ paused", "warn"),
    "stopped": ("× stopped", "bad"),
    "done": ("✔ done", "good"),
    "terminated": ("× ended with Temporal's own tools", "bad"),
}


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    outcome: BulkOutcome
    word: str
    tone: str
    count: int


@dataclass(frozen=True)
class JobPage:
    progress: BulkProgress
    title: str
    """`Retry 12`"""
    noun: str
    """`step`, `order`."""
    state_word: str
    tone: str
    counts: Sequence[OutcomeCount]
    tried: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class ResultRow:
    order_id: str
    order_url: str
    step: str
    step_url: str
    word: str
    tone: str
    code: str
    message: str


def job_page(details: JobDetails) -> JobPage:
    progress = details.progress
    word, tone = STATES[details.state]
    counts = [
        OutcomeCount(outcome, *words, progress.counts[outcome])
        for outcome, words in OUTCOMES.items()
        if progress.counts.get(outcome)
    ]
    tried = progress.total - progress.counts.get(BulkOutcome.WAITING, 0)
    spec = ACTIONS[progress.order.action]
    title = f"{action_label(spec)} {progress.total:,}"
    return JobPage(progress, title, noun_of(spec), word, tone, counts, tried, details.is_open)


def result_rows(results: Sequence[BulkTargetResult]) -> list[ResultRow]:
    return [
        ResultRow(
            each.target.order_id,
            order_url(each.target.order_id),
            each.target.step or "",
            step_url(each.target.order_id, each.target.number) if each.target.number else "",
            *OUTCOMES[each.outcome],
            each.code or "",
            each.message,
        )
        for each in results
    ]
