"""Bulk jobs: the list of them, and one with its progress and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from views.shared.table import Cell, KeyValueList, PlainTable, titled_section
from views.shared.time_format import format_short_time, format_time
from views.shared.value_format import pluralize
from workflows.contract.bulk_messages import BulkOutcome

if TYPE_CHECKING:
    from operations.bulk.job_reading import JobDetails, ListedJob
    from workflows.contract.bulk_messages import BulkTargetResult

OUTCOMES: Mapping[BulkOutcome, tuple[str, str]] = {
    BulkOutcome.DONE: ("done", "green"),
    BulkOutcome.ALREADY: ("had been done before", ""),
    BulkOutcome.FAILED_AGAIN: ("failed again", "red"),
    BulkOutcome.REFUSED: ("refused", "yellow"),
    BulkOutcome.UNANSWERED: ("no answer", "red"),
    BulkOutcome.LEFT: ("left", "bright_black"),
    BulkOutcome.WAITING: ("wait", "bright_black"),
}
"""Outcome → label and style, in the order in which they are shown."""
PROBLEMS = frozenset({BulkOutcome.FAILED_AGAIN, BulkOutcome.REFUSED, BulkOutcome.UNANSWERED})
STATE_STYLES: Mapping[str, str] = {"running": "cyan", "paused": "yellow", "stopped": "red", "terminated": "bold red"}


def jobs_table(jobs: Sequence[ListedJob]) -> PlainTable:
    rows = [_job_row(job) for job in jobs]
    headings = ["Job", "Began", "Action", "Targets", "State", "By", "About"]
    return PlainTable(headings, rows, right_aligned=(3,), droppable=(1, 5))


def _job_row(job: ListedJob) -> list[Cell]:
    card = job.card
    return [
        Text(job.job, style="bold"),
        format_short_time(job.started_at),
        card.action,
        f"{card.total:,}",
        Text(job.status, style=STATE_STYLES.get(job.status, "")),
        card.by,
        card.about,
    ]


def progress_text(details: JobDetails) -> Text:
    """`12 of 37 tried: 10 done, 2 refused`."""
    counts = details.progress.counts
    line = Text(f"{details.tried:,} of {details.progress.total:,} tried")
    parts = [
        Text(f"{counts[outcome]:,} {label}", style=style)
        for outcome, (label, style) in OUTCOMES.items()
        if counts.get(outcome) and outcome is not BulkOutcome.WAITING
    ]
    return Text.assemble(line, ": ", Text(", ").join(parts)) if parts else line


def job_page(
    details: JobDetails, results: Sequence[BulkTargetResult], outcome: BulkOutcome | None = None
) -> Iterator[RenderableType]:
    """`outcome`: which results are listed. None: those with a problem."""
    card, progress = details.listed.card, details.progress
    reason = f": {card.reason}" if card.reason else ""
    yield KeyValueList(
        [
            ("Job", Text(details.listed.job, style="bold")),
            ("Action", f"{card.action} {card.total:,}"),
            ("About", card.about),
            ("By", f"{card.by}{reason}"),
            ("State", _state(details)),
            ("Progress", progress_text(details)),
            ("Began", f"{format_time(progress.started_at)}, at {progress.per_second:g} a second"),
            ("Ended", format_time(details.listed.ended_at)),
            ("Stops", _limit(details)),
        ]
    )
    listed = [result for result in results if (result.outcome in PROBLEMS if outcome is None else True)]
    if listed:
        yield from titled_section("Problems" if outcome is None else OUTCOMES[outcome][0].capitalize(), _table(listed))


def _state(details: JobDetails) -> Text:
    because = f": {details.progress.stop_reason}" if details.progress.stop_reason else ""
    if details.state == "paused" and details.progress.changed_by:
        because = f" by {details.progress.changed_by}"
    return Text(f"{details.state}{because}", style=STATE_STYLES.get(details.state, "green"))


def _limit(details: JobDetails) -> str:
    progress = details.progress
    if progress.max_failures is None:
        return "whatever fails"
    return f"after {pluralize(progress.max_failures, 'failure')}; {progress.failures:,} so far"


def _table(results: Sequence[BulkTargetResult]) -> PlainTable:
    rows: list[list[Cell]] = [
        [
            Text(result.target.order_id, style="bold"),
            str(result.target.number or ""),
            result.target.step or "",
            Text(*OUTCOMES[result.outcome]),
            result.code or "",
            result.message,
        ]
        for result in results
    ]
    return PlainTable(["Order", "No.", "Step", "Outcome", "Error", "Message"], rows, right_aligned=(1,))
