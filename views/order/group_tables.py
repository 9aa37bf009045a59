"""What waits for a person, by cause: one group a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time

if TYPE_CHECKING:
    from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup

NONE = "–"


def fallout_groups_table(groups: Sequence[FalloutGroup]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            group.system or NONE,
            Text(group.code or NONE, style="red"),
            f"{group.steps:,}",
            f"{group.orders:,}",
            format_short_time(group.oldest),
        ]
        for group in groups
    ]
    return PlainTable(["System", "Error", "Steps", "Orders", "Oldest"], rows, right_aligned=(2, 3))


def task_groups_table(groups: Sequence[TaskGroup]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            group.queue or NONE,
            f"{group.tasks:,}",
            Text(_count(group.late), style="bold red"),
            _count(group.unclaimed),
            *map(_count, group.by_age),
            format_short_time(group.oldest),
        ]
        for group in groups
    ]
    headings = ["Queue", "Tasks", "Late", "Unclaimed", "Up to 1 h", "1 d", "7 d", "Older", "Oldest"]
    return PlainTable(headings, rows, right_aligned=range(1, 8))


def _count(count: int) -> str:
    """Empty for 0, so that what is there stands out."""
    return f"{count:,}" if count else ""
