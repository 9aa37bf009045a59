"""Acts in bulk: who is meant, what became of each, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from operations.bulk.bulk_runner import error_code, waiting_since
from operations.step_views import is_undo_under_way, step_label
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from operations.bulk.bulk_runner import BulkOutcome, BulkResult, BulkSummary, BulkTarget
    from workflows.contract.order_views import StepView

OUTCOME_LABELS: dict[BulkOutcome, str] = {
    "done": "done",
    "already": "had been done before",
    "refused": "refused",
    "failed_again": "failed again",
    "left": "left",
}
OUTCOME_STYLES: dict[BulkOutcome, str] = {"refused": "yellow", "failed_again": "red", "left": "bright_black"}


def targets_table(targets: Sequence[BulkTarget], now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = []
    for target in targets:
        step = target.step
        if step is None:
            rows.append([Text(target.order_id, style="bold"), "", "", "", "", "", ""])
            continue
        rows.append(
            [
                Text(target.order_id, style="bold"),
                str(step.number),
                step.id,
                step.queue or "",
                step.holder or "",
                format_short_time(waiting_since(step), now),
                Text(_error_text(step), style="red"),
            ]
        )
    return PlainTable(["Order", "No.", "Step", "Queue", "Who has it", "Since", "Error"], rows, right_aligned=(1,))


def _error_text(step: StepView) -> str:
    """Its code; that it is the undo that failed must be seen, since skipping that leaves things as they are."""
    return f"{'taking it back: ' if is_undo_under_way(step) else ''}{error_code(step) or ''}"


def result_line(result: BulkResult) -> Text:
    said = result.message
    if result.outcome in ("failed_again", "left"):
        said = f"{OUTCOME_LABELS[result.outcome]}: {said}"
    return Text.assemble(
        (result.target.order_id, "bold"),
        f"  {_step_prefix(result)}{said}",
        style=OUTCOME_STYLES.get(result.outcome, ""),
    )


def _step_prefix(result: BulkResult) -> str:
    """The order's own answers name the step already."""
    step = result.target.step
    return f"{step_label(step)} " if step and result.outcome in ("failed_again", "left") else ""


def summary_line(summary: BulkSummary, unanswered: Sequence[str]) -> Text:
    """`12 done, 1 refused, 30 left. It was stopped: 5 have failed again.`"""
    parts = [
        f"{len(summary.with_outcome(outcome)):,} {word}"
        for outcome, word in OUTCOME_LABELS.items()
        if summary.with_outcome(outcome)
    ]
    text = Text(", ".join(parts) + "." if parts else "There was nothing to do.", style="bold")
    if summary.stop_reason:
        text.append(f" It was stopped: {summary.stop_reason.rstrip('.')}.", style="red")
    if unanswered:
        text.append(f" No worker answered for {pluralize(len(unanswered), 'order')}: {', '.join(unanswered[:5])}.")
    return text
