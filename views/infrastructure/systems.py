"""The systems that orders call, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
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


def systems_table(systems: Sequence[SystemStatus], now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            Text(reading.view.system, style="bold"),
            reading.view.name,
            Text(*STATE_LABELS[reading.view.state]),
            format_short_time(reading.view.since, now),
            reading.view.by or "",
            str(reading.waiting_calls or ""),
            _remark_text(reading, now),
        ]
        for reading in systems
    ]
    return PlainTable(["System", "Name", "State", "Since", "By", "Waiting", "Why"], rows, right_aligned=(5,))


def _remark_text(reading: SystemStatus, now: datetime) -> Text:
    view = reading.view
    said = [view.reason] if view.reason else []
    if view.state is SwitchState.OPEN and view.next_at:
        said.append(f"next probe at {format_short_time(view.next_at, now)}")
    if view.problem:
        said.append(f"calls go on all the same: {view.problem}")
    if reading.manual_rate_limit is not None:
        said.append(f"its task queue is limited by hand to {reading.manual_rate_limit:g} a second")
    return Text("; ".join(said))
