"""The order at a glance in Temporal's Web UI: a short Markdown table with a row per workstream."""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.counters import WorkstreamCounts
from workflows.core.state.order_run import OrderRun

MAX_ROWS = 20
COLUMN_GAP = "\u00a0\u00a0"
"""Before each heading, because the Web UI leaves no space between columns."""

COLUMNS = (
    ("done", SETTLED),
    ("running", frozenset({StepState.IN_PROGRESS, StepState.READY})),
    ("waiting", frozenset({StepState.PENDING, StepState.SCHEDULED, StepState.ON_HOLD})),
    ("failing", frozenset({StepState.FAILED})),
    ("stuck", frozenset({StepState.FATALLY_FAILED})),
)


def progress_table(run: OrderRun) -> str:
    """If there are too many rows, rows with stuck steps come first. Rows with failing or running steps follow."""
    rows = [(workstream.name, _row(workstream)) for workstream in run.counters.by_workstream.values()]
    if len(rows) > MAX_ROWS:
        rows.sort(key=lambda row: (-row[1][4], -row[1][3], -row[1][1]))
    headings = [f"{COLUMN_GAP}{name}" for name, _ in COLUMNS]
    lines = [f"| workstream | {' | '.join(headings)} |", "|:---" + "|---:" * len(COLUMNS) + "|"]
    for name, numbers in rows[:MAX_ROWS]:
        lines.append(f"| {escape_markdown(name)} | " + " | ".join(str(number or "") for number in numbers) + " |")
    if len(rows) > MAX_ROWS:
        lines.append(f"\n… and {len(rows) - MAX_ROWS} more workstreams")
    return "\n".join(lines)


def _row(workstream: WorkstreamCounts) -> list[int]:
    counts = workstream.counts
    return [sum(number for state, number in counts.items() if state in states) for _, states in COLUMNS]


def escape_markdown(text: str) -> str:
    """Escape text from outside, so that it stays text in a table."""
    escaped = (f"\\{character}" if character in "\\|`*_<>[]#~" else character for character in text)
    return "".join(escaped).replace("\n", " ")
