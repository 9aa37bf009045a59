"""What happened to an order: entries of its history with what people entered, and its amendments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from compiler.values import as_text
from console.presenting.order.difference import ChangedValue, difference_summary, order_difference
from console.presenting.order.line_groups import ValueRow, value_text
from ledger.reading.single_order.history_page import HistoryFilter, HistoryPage, HistoryRequest
from workflows.contract.order_views import HistoryEntry

if TYPE_CHECKING:
    from workflows.contract.order_changes import AmendmentRecord

ERASED = "(erased)"
FILTERS: Mapping[HistoryFilter, str] = {
    "all": "Everything",
    "people": "What people did",
    "engine": "What happened by itself",
}
_WHOLE = "value"


@dataclass(frozen=True)
class StoryEntry:
    at: datetime
    what: str
    step_id: str
    step_name: str
    """What the step does; empty if that is not known."""
    by: str
    """Empty for the engine."""
    reason: str
    data: Sequence[ValueRow]
    amendment: Amendment | None
    """What it changed, if it is an amendment that is known."""


@dataclass(frozen=True)
class Amendment:
    revision: int
    at: datetime
    by: str
    reason: str
    changes: Sequence[ChangedValue]
    summary: str
    is_known: bool
    """Whether the order before is known."""


@dataclass(frozen=True)
class Story:
    entries: Sequence[StoryEntry]
    """Of this page, the latest first."""
    count: int
    page: int
    pages: int
    filter: str
    step: str
    amendments: Sequence[Amendment]
    """The latest first."""


def order_story(request: HistoryRequest, shown: HistoryPage, amendments: Sequence[AmendmentRecord]) -> Story:
    """`shown`: what fits the request."""
    amended = [_amendment(each) for each in amendments]
    by_time = {each.at: each for each in amended}
    return Story(
        entries=[
            _entry(entry, shown.step_names.get(entry.step or "", ""), by_time.get(entry.at) if entry.by else None)
            for entry in shown.entries
        ],
        count=shown.count,
        page=shown.page,
        pages=shown.pages,
        filter=request.filter,
        step=request.step,
        amendments=amended[::-1],
    )


def _entry(entry: HistoryEntry, step_name: str, amendment: Amendment | None) -> StoryEntry:
    return StoryEntry(
        at=entry.at,
        what=entry.what or ERASED,
        step_id=entry.step or "",
        step_name=step_name,
        by=entry.by or "",
        reason=entry.reason or "",
        data=_data_rows(entry),
        amendment=amendment,
    )


def _data_rows(entry: HistoryEntry) -> list[ValueRow]:
    """Without values that the text has already."""
    data: Any = entry.data
    if data is None:
        return []
    values = data if isinstance(data, Mapping) else {_WHOLE: data}
    rows = {str(name): value for name, value in values.items()}
    return [ValueRow(name, value_text(value)) for name, value in rows.items() if as_text(value) not in entry.what]


def _amendment(record: AmendmentRecord) -> Amendment:
    changes = order_difference(record.before, record.after) if record.before is not None else []
    return Amendment(
        revision=record.revision,
        at=record.at,
        by=record.by,
        reason=record.reason,
        changes=changes,
        summary=difference_summary(changes) if record.before is not None else "",
        is_known=record.before is not None,
    )
