"""What a ledger would have of an order: rows by their keys, from one change after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from workflows.contract.order_changes import AmendmentRecord, HistoryRecord, OrderChange, OrderRecord
from workflows.contract.order_views import LineView
from workflows.contract.step_record import StepRecord

Row = LineView | StepRecord
OF_THE_PLAN = ("id", "workstream", "workstream_name", "name", "kind", "lines", "after")
"""Fields of a step that only a new plan changes."""


@dataclass
class LedgerRows:
    order: OrderRecord | None = None
    lines: dict[str, LineView] = field(default_factory=dict)
    order_line_count: int = 0
    steps: dict[int, StepRecord] = field(default_factory=dict)
    history: dict[int, HistoryRecord] = field(default_factory=dict)
    amendments: dict[int, AmendmentRecord] = field(default_factory=dict)
    submitted: dict[str, Any] | None = None
    position: tuple[float, int, float] | None = None

    def apply(self, change: OrderChange) -> None:
        """Raises AssertionError if the change does not follow the one before."""
        if change.is_complete:
            self.lines, self.steps = {}, {}
        else:
            assert change.previous == self.position
        self.position = change.position
        self.order = change.order
        if change.lines is not None:
            self.lines = {line.id: line for line in change.lines}
            self.order_line_count = change.order_line_count
        for line_id, state in change.line_states.items():
            self.lines[line_id] = self.lines[line_id].model_copy(update={"state": state})
        for step in change.steps:
            kept = () if change.lines is not None else OF_THE_PLAN
            known = {name: getattr(self.steps[step.number], name) for name in kept}
            self.steps[step.number] = replace(step, **known)
        self.history |= {entry.number: entry for entry in change.history}
        self.amendments |= {each.revision: each for each in change.amendments}
        self.submitted = change.submitted if change.submitted is not None else self.submitted

    def differences(self, other: LedgerRows) -> list[str]:
        """Where these rows are not those of `other`, field by field. History and amendments may have more."""
        found = [] if self.order == other.order else [f"order: {self.order} != {other.order}"]
        if (list(self.lines), self.order_line_count) != (list(other.lines), other.order_line_count):
            found.append(f"lines: {list(self.lines)} != {list(other.lines)}")
        found += _differing_rows(self.lines, other.lines) + _differing_rows(self.steps, other.steps)
        found += [f"history {number}" for number, entry in other.history.items() if self.history.get(number) != entry]
        found += [f"amendment {key}" for key, each in other.amendments.items() if self.amendments.get(key) != each]
        return found if self.submitted == other.submitted else [*found, "submitted"]


def _differing_rows(mine: Mapping[Any, Row], theirs: Mapping[Any, Row]) -> list[str]:
    found = [f"{key} is missing" for key in theirs if key not in mine]
    found += [f"{key} is too many" for key in mine if key not in theirs]
    for key, row in theirs.items():
        if key in mine and mine[key] != row:
            found += _differing_fields(str(key), mine[key], row)
    return found


def _differing_fields(key: str, mine: Row, theirs: Row) -> list[str]:
    before, after = _values(mine), _values(theirs)
    return [f"{key} {name}: {before[name]!r} != {after[name]!r}" for name in after if before[name] != after[name]]


def _values(row: Row) -> dict[str, Any]:
    return row.model_dump() if isinstance(row, LineView) else asdict(row)


def rows_of(change: OrderChange) -> LedgerRows:
    rows = LedgerRows()
    rows.apply(change)
    return rows
