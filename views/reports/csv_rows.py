"""Reports as rows of CSV: one heading, one kind of rows. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.reports.model.duration_report import DurationReport
from ledger.reports.model.fallout_report import FalloutReport, Resolution
from ledger.reports.model.report import Spread
from ledger.reports.model.shift_report import ShiftReport
from ledger.reports.model.sla_report import SlaReport

CsvRow = Mapping[str, Any]
SHIFT_COLUMNS = ("section", "name", "detail", "queue", "count", "orders", "since")
_TOOK = ("p50_seconds", "p90_seconds", "longest_seconds")


def csv_cells(columns: Sequence[str], row: CsvRow) -> list[str]:
    """Times as ISO 8601; nothing for None."""
    return [_cell(row.get(column)) for column in columns]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


def duration_rows(report: DurationReport) -> tuple[Sequence[str], list[CsvRow]]:
    columns = ("level", "workstream", "step", "name", "kind", "count", *_TOOK, "expected_seconds", "over_expected")
    rows: list[CsvRow] = [
        {
            "level": "step",
            "workstream": row.workstream,
            "step": row.step,
            "name": row.name,
            "kind": row.kind,
            "expected_seconds": row.expected,
            "over_expected": row.over_expected,
            **_spread(row.took),
        }
        for row in report.steps
    ]
    rows += [
        {"level": "workstream", "workstream": row.workstream, "name": row.name, **_spread(row.took)}
        for row in report.workstreams
    ]
    return columns, rows


def sla_rows(report: SlaReport) -> tuple[Sequence[str], list[CsvRow]]:
    columns = ("promise", "by", "group", "kept", "missed", "still_open", *(f"late_{name}" for name in _TOOK))
    return columns, [
        dict(row) | {f"late_{name}": value for name, value in _spread(row.late_by).items()} for row in report.rows
    ]


def fallout_rows(report: FalloutReport) -> tuple[Sequence[str], list[CsvRow]]:
    ways = [way for way in Resolution if way is not Resolution.OPEN]
    columns = ("system", "code", "count", "orders", "attempts", *ways, "open", *_TOOK, "oldest_open")
    return columns, [
        dict(row) | {way: row.resolved.get(way, 0) for way in ways} | _spread(row.took) | {"count": row.count}
        for row in report.rows
    ]


def shift_rows(report: ShiftReport) -> tuple[Sequence[str], list[CsvRow]]:
    return SHIFT_COLUMNS, list(_shift_rows(report))


def _shift_rows(report: ShiftReport) -> Iterator[CsvRow]:
    arrived, stuck = report.arrived, report.stuck
    for name in ("submitted", "accepted", "rejected", "undecided"):
        yield {"section": "arrived", "name": name, "count": getattr(arrived, name)}
    for product, count in arrived.by_product.items():
        yield {"section": "arrived_products", "name": product, "count": count}
    for state, count in report.ended.by_state.items():
        yield {"section": "ended", "name": state, "count": count}
    yield {"section": "ended", "name": "late", "count": report.ended.late}
    for cause in stuck.fallout:
        own = {"name": cause.system, "detail": cause.code, "queue": cause.queue, "count": cause.steps}
        yield {"section": "fallout", **own, "orders": cause.orders, "since": cause.since}
    for tasks in stuck.tasks:
        counts = {"tasks": tasks.tasks, "tasks_overdue": tasks.overdue, "tasks_unclaimed": tasks.unclaimed}
        for name, count in counts.items():
            yield {"section": name, "queue": tasks.queue, "count": count, "since": tasks.since}
    for held in stuck.held:
        yield {"section": "held", "name": held.by, "detail": held.reason, "orders": held.orders, "since": held.since}
    for ended in stuck.interrupted:
        yield {"section": "interrupted", "name": ended.kind, "orders": ended.orders, "since": ended.since}
    for late in stuck.late:
        yield {"section": "jeopardy", "name": late.jeopardy, "orders": late.orders, "since": late.earliest_requested}
    for person in report.people:
        for action, count in person.actions.items():
            yield {"section": "people", "name": person.by, "detail": action, "count": count}
    for failing in report.failing_systems:
        own = {"name": failing.system, "detail": failing.code, "count": failing.failed, "orders": failing.orders}
        yield {"section": "failed_attempts", **own, "since": failing.first_at}
    for version in report.new_versions:
        yield {"section": "new_versions", "name": version.version, "orders": version.orders, "since": version.first_at}


def _spread(took: Spread | None) -> dict[str, Any]:
    if took is None:
        return {}
    return {"count": took.count, "p50_seconds": took.p50, "p90_seconds": took.p90, "longest_seconds": took.longest}
