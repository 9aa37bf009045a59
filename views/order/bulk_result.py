"""Acts in bulk: who is meant, what became of each, and of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from operations.blockers.step_blocker import is_undone_now
from operations.bulk.bulk_runner import code_of, waits_since
from views.shared.table import Cell, Columns
from views.shared.time_format import short_moment
from views.shared.value_format import counted

if TYPE_CHECKING:
    from operations.bulk.bulk_runner import Outcome, Result, Summary, Target
    from workflows.contract.order_views import StepView

WORDS: dict[Outcome, str] = {
    "done": "done",
    "already": "had been done before",
    "refused": "refused",
    "failed_again": "failed again",
    "left": "left",
}
STYLES: dict[Outcome, str] = {"refused": "yellow", "failed_again": "red", "left": "bright_black"}


def targets_table(targets: Sequence[Target], now: datetime | None = None) -> Columns:
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
                short_moment(waits_since(step), now),
                Text(_error(step), style="red"),
            ]
        )
    return Columns(["Order", "No.", "Step", "Queue", "Who has it", "Since", "Error"], rows, right=(1,))


def _error(step: StepView) -> str:
    """Its code; that it is the undo that failed must be seen, since skipping that leaves things as they are."""
    return f"{'taking it back: ' if is_undone_now(step) else ''}{code_of(step) or ''}"


def result_line(result: Result) -> Text:
    said = result.message
    if result.outcome in ("failed_again", "left"):
        said = f"{WORDS[result.outcome]}: {said}"
    return Text.assemble(
        (result.target.order_id, "bold"), f"  {_about(result)}{said}", style=STYLES.get(result.outcome, "")
    )


def _about(result: Result) -> str:
    """The order's own answers name the step already."""
    step = result.target.step
    return f"step {step.number} ({step.id}) " if step and result.outcome in ("failed_again", "left") else ""


def summary_line(summary: Summary, unanswered: Sequence[str]) -> Text:
    """`12 done, 1 refused, 30 left. It was stopped: 5 have failed again.`"""
    parts = [f"{len(summary.of(outcome)):,} {word}" for outcome, word in WORDS.items() if summary.of(outcome)]
    text = Text(", ".join(parts) + "." if parts else "There was nothing to do.", style="bold")
    if summary.stopped:
        text.append(f" It was stopped: {summary.stopped.rstrip('.')}.", style="red")
    if unanswered:
        text.append(f" No worker answered for {counted(len(unanswered), 'order')}: {', '.join(unanswered[:5])}.")
    return text
