"""Bulk actions: their targets, what became of each, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from operations.bulk.bulk_runner import error_code, waiting_since
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from views.shared.value_format import pluralize
from workflows.contract.step_facts import is_undo_under_way, step_label

if TYPE_CHECKING:
    from operations.bulk.bulk_runner import BulkOutcome, BulkResult, BulkSummary, BulkTarget

OUTCOME_LABELS: dict[BulkOutcome, str] = {
    "done": "done",
    "already": "had been done before",
    "refused": "refused",
    "failed_again": "failed again",
    "left": "left",
}
OUTCOME_STYLES: dict[BulkOutcome, str] = {"refused": "yellow", "failed_again": "red", "left": "bright_black"}


def targets_table(targets: Sequence[BulkTarget]) -> PlainTable:
    rows = [_target_row(target) for target in targets]
    return PlainTable(["Order", "No.", "Step", "Queue", "Holder", "Since", "Error"], rows, right_aligned=(1,))


def _target_row(target: BulkTarget) -> list[Cell]:
    order, step = Text(target.order_id, style="bold"), target.step
    if step is None:
        return [order, *[""] * 6]
    # Skipping an undo leaves the step's effects in place, so the table says that it is the undo that failed.
    error = Text(f"{'undo: ' if is_undo_under_way(step) else ''}{error_code(step) or ''}", style="red")
    since = format_short_time(waiting_since(step))
    return [order, str(step.number), step.id, step.queue or "", step.holder or "", since, error]


def result_line(result: BulkResult) -> Text:
    message, step = result.message, result.target.step
    if result.outcome in ("failed_again", "left"):  # the messages of the order itself name the step already
        message = f"{f'{step_label(step)} ' if step else ''}{OUTCOME_LABELS[result.outcome]}: {message}"
    style = OUTCOME_STYLES.get(result.outcome, "")
    return Text.assemble((result.target.order_id, "bold"), f"  {message}", style=style)


def summary_line(summary: BulkSummary, unanswered: Sequence[str]) -> Text:
    """`12 done, 1 refused, 30 left. It was stopped: 5 have failed again.`"""
    counts = {label: len(summary.with_outcome(outcome)) for outcome, label in OUTCOME_LABELS.items()}
    text = ", ".join(f"{count:,} {label}" for label, count in counts.items() if count)
    line = Text(f"{text}." if text else "There was nothing to do.", style="bold")
    if summary.stop_reason:
        line.append(f" It was stopped: {summary.stop_reason.rstrip('.')}.", style="red")
    if unanswered:
        line.append(f" No worker answered for {pluralize(len(unanswered), 'order')}: {', '.join(unanswered[:5])}.")
    return line
