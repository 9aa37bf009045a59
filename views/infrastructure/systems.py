"""The systems that orders call, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from workflows.contract.switch_messages import SwitchState

if TYPE_CHECKING:
    from operations.systems import SystemStatus

STATE_LABELS: dict[SwitchState, tuple[str, str]] = {
    SwitchState.CLOSED: ("on", "green"),
    SwitchState.OPEN: ("failing, calls wait", "bold red"),
    SwitchState.HALF_OPEN: ("on, at a rising pace", "yellow"),
    SwitchState.OFF: ("off, calls wait", "magenta"),
}


def systems_table(systems: Sequence[SystemStatus]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(status.view.system, style="bold"),
            status.view.name,
            Text(*STATE_LABELS[status.view.state]),
            format_short_time(status.view.since),
            status.view.by or "",
            str(status.waiting_calls or ""),
            _remarks(status),
        ]
        for status in systems
    ]
    return PlainTable(["System", "Name", "State", "Since", "By", "Waiting", "Why"], rows, right_aligned=(5,))


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
