"""The reports: how each is read, shown, and written for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from console.presenting.reports.durations import durations_page
from console.presenting.reports.fallout import fallout_page
from console.presenting.reports.shift import shift_page
from console.presenting.reports.sla import sla_page
from ledger.reports.expected_durations import expected_durations
from ledger.reports.model.report import Report
from operations.reading.provenance import Provenance
from operations.reading.reports import ReportCriteria, Reports
from operations.report_responses import (
    duration_report_response,
    fallout_report_response,
    shift_report_response,
    sla_report_response,
)
from operations.responses import SourcedResponse
from views.reports import csv_rows
from views.reports.csv_rows import CsvRow

Read = Callable[[Reports, ReportCriteria, Catalogue | None], Awaitable[tuple[Any, Provenance]]]


@dataclass(frozen=True)
class ReportKind:
    name: str
    """In the address."""
    title: str
    lead: str
    """What it answers."""
    usual_period: str
    """A key of PRESETS."""
    has_product: bool
    read: Read
    present: Callable[[Any], object]
    document: Callable[[Any, Provenance], SourcedResponse]
    rows: Callable[[Any], tuple[Sequence[str], Sequence[CsvRow]]]


async def _read_durations(
    reports: Reports, criteria: ReportCriteria, catalogue: Catalogue | None
) -> tuple[Report, Provenance]:
    return await reports.durations(criteria, expected_durations(catalogue) if catalogue is not None else {})


_KINDS = (
    ReportKind(
        "shift",
        "Shift",
        "What came, what ended, what is stuck and why, who did what.",
        "8h",
        has_product=False,
        read=lambda reports, criteria, _: reports.shift(criteria),
        present=shift_page,
        document=shift_report_response,
        rows=csv_rows.shift_rows,
    ),
    ReportKind(
        "durations",
        "Durations",
        "How long steps took, and how that compares with what their definitions expect.",
        "30d",
        has_product=True,
        read=_read_durations,
        present=durations_page,
        document=duration_report_response,
        rows=csv_rows.duration_rows,
    ),
    ReportKind(
        "sla",
        "Promises",
        "Requested completions and slas, kept and missed.",
        "30d",
        has_product=True,
        read=lambda reports, criteria, _: reports.sla(criteria),
        present=sla_page,
        document=sla_report_response,
        rows=csv_rows.sla_rows,
    ),
    ReportKind(
        "fallout",
        "Fallout",
        "How often steps failed, by system and error code, how it ended, and how long it took.",
        "30d",
        has_product=True,
        read=lambda reports, criteria, _: reports.fallout(criteria),
        present=fallout_page,
        document=fallout_report_response,
        rows=csv_rows.fallout_rows,
    ),
)
REPORT_KINDS: Mapping[str, ReportKind] = {kind.name: kind for kind in _KINDS}
