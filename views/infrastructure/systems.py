"""The systems that orders call, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from views.reports.period_text import share_text
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_elapsed, format_short_time
from workflows.contract.switch_messages import SwitchState

if TYPE_CHECKING:
    from ledger.reports.model.system_report import SystemCalls
    from operations.reading.system_health import SystemHealth
    from operations.systems import SystemStatus

MANY_FAILED = 0.5
"""The share of calls from which on it is bad."""
MAX_ERRORS = 3
"""Error codes that are named, the most frequent first."""

STATE_LABELS: dict[SwitchState, tuple[str, str]] = {
    SwitchState.CLOSED: ("on", "green"),
    SwitchState.OPEN: ("failing, calls wait", "bold red"),
    SwitchState.HALF_OPEN: ("on, at a rising pace", "yellow"),
    SwitchState.OFF: ("off, calls wait", "magenta"),
}


def systems_table(health: SystemHealth) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(status.view.system, style="bold"),
            status.view.name,
            Text(*STATE_LABELS[status.view.state]),
            format_short_time(status.view.since),
            status.view.by or "",
            str(status.waiting_calls or ""),
            *_calls(health.calls(status.view.system)),
            _remarks(status),
        ]
        for status in health.statuses
    ]
    headings = ["System", "Name", "State", "Since", "By", "Waiting", "Calls", "Failed", "p50", "p90", "Errors", "Why"]
    return PlainTable(headings, rows, right_aligned=(5, 6, 7, 8, 9), droppable=(1, 8, 4))


def _calls(calls: SystemCalls | None) -> list[Cell]:
    if calls is None:
        return [""] * 5
    share = calls.failed / calls.attempts if calls.attempts else 0.0
    errors = ", ".join(f"{error.code or 'no code'} ×{error.count:,}" for error in calls.errors[:MAX_ERRORS])
    return [
        f"{calls.attempts:,}",
        Text(
            share_text(calls.failed, calls.attempts) if calls.failed else "",
            style="bold red" if share >= MANY_FAILED else "yellow",
        ),
        format_elapsed(calls.took.p50),
        format_elapsed(calls.took.p90),
        Text(errors, style="red"),
    ]


def _remarks(status: SystemStatus) -> str:
    view = status.view
    remarks = [view.reason] if view.reason else []
    if view.state is SwitchState.OPEN and view.next_at:
        remarks.append(f"next probe at {format_short_time(view.next_at)}")
    if view.problem:
        remarks.append(f"calls continue anyway: {view.problem}")
    if status.manual_rate_limit is not None:
        remarks.append(f"its task queue is limited by hand to {status.manual_rate_limit:g} a second")
    return "; ".join(remarks)
