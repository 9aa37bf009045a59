"""The order at a glance, as a short Markdown table in Temporal's Web UI: a row a workstream."""

from __future__ import annotations

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.counters import WorkstreamCounts
from workflows.core.state.order_run import OrderRun

MAX_ROWS = 20
COLUMN_GAP = "\u00a0\u00a0"
"""Before each heading: the Web UI leaves no room between columns."""

COLUMNS = (
    ("done", SETTLED),
    ("running", frozenset({StepState.IN_PROGRESS, StepState.READY})),
    ("waiting", frozenset({StepState.PENDING, StepState.SCHEDULED, StepState.ON_HOLD})),
    ("failing", frozenset({StepState.FAILED})),
    ("stuck", frozenset({StepState.FATALLY_FAILED})),
)


def progress_table(run: OrderRun) -> str:
    """Rows that are stuck come first, then those under way."""
    rows = [(tally, _row(tally)) for tally in run.counters.by_workstream.values()]
    if len(rows) > MAX_ROWS:
        rows.sort(key=lambda row: (-row[1][4], -row[1][3], -row[1][1]))
    lines = [
        "| workstream | " + " | ".join(f"{COLUMN_GAP}{name}" for name, _ in COLUMNS) + " |",
        "|:---" + "|---:" * 5 + "|",
    ]
    for tally, numbers in rows[:MAX_ROWS]:
        lines.append(f"| {escape_markdown(tally.name)} | " + " | ".join(str(number or "") for number in numbers) + " |")
    if len(rows) > MAX_ROWS:
        lines.append(f"\n… and {len(rows) - MAX_ROWS} more workstreams")
    return "\n".join(lines)


def _row(tally: WorkstreamCounts) -> list[int]:
    counts = tally.counts
    return [sum(number for state, number in counts.items() if state in states) for _, states in COLUMNS]


def escape_markdown(text: str) -> str:
    """Text from outside, so that it stays text in a table."""
    return "".join(f"\\{character}" if character in "\\|`*_<>[]#~" else character for character in text).replace(
        "\n", " "
    )
