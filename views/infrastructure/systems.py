"""The systems that orders call, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.table import Cell, Columns
from views.shared.time_format import short_moment
from workflows.contract.switch_messages import SwitchState

if TYPE_CHECKING:
    from operations.reading.systems import SystemReading

WORDS: dict[SwitchState, tuple[str, str]] = {
    SwitchState.CLOSED: ("on", "green"),
    SwitchState.OPEN: ("failing, calls wait", "bold red"),
    SwitchState.HALF_OPEN: ("on, at a rising pace", "yellow"),
    SwitchState.OFF: ("off, calls wait", "magenta"),
}


def systems_table(systems: Sequence[SystemReading], now: datetime | None = None) -> Columns:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            Text(reading.view.system, style="bold"),
            reading.view.name,
            Text(*WORDS[reading.view.state]),
            short_moment(reading.view.since, now),
            reading.view.by or "",
            str(reading.waiting or ""),
            _remarks(reading, now),
        ]
        for reading in systems
    ]
    return Columns(["System", "Name", "State", "Since", "By", "Waiting", "Why"], rows, right=(5,))


def _remarks(reading: SystemReading, now: datetime) -> Text:
    view = reading.view
    said = [view.reason] if view.reason else []
    if view.state is SwitchState.OPEN and view.next_at:
        said.append(f"next probe at {short_moment(view.next_at, now)}")
    if view.problem:
        said.append(f"calls go on all the same: {view.problem}")
    if reading.limited_by_hand is not None:
        said.append(f"its task queue is limited by hand to {reading.limited_by_hand:g} a second")
    return Text("; ".join(said))
