"""The JSON of reports."""

from __future__ import annotations

from ledger.reports.model.duration_report import DurationReport
from ledger.reports.model.fallout_report import FalloutReport
from ledger.reports.model.shift_report import ShiftReport
from ledger.reports.model.sla_report import SlaReport
from operations.reading.provenance import Provenance
from operations.responses import SourcedResponse, source_fields


class ShiftReportResponse(SourcedResponse, ShiftReport):
    pass


class DurationReportResponse(SourcedResponse, DurationReport):
    pass


class SlaReportResponse(SourcedResponse, SlaReport):
    pass


class FalloutReportResponse(SourcedResponse, FalloutReport):
    pass


def shift_report_response(report: ShiftReport, provenance: Provenance) -> ShiftReportResponse:
    return ShiftReportResponse(**dict(report), **source_fields(provenance))


def duration_report_response(report: DurationReport, provenance: Provenance) -> DurationReportResponse:
    return DurationReportResponse(**dict(report), **source_fields(provenance))


def sla_report_response(report: SlaReport, provenance: Provenance) -> SlaReportResponse:
    return SlaReportResponse(**dict(report), **source_fields(provenance))


def fallout_report_response(report: FalloutReport, provenance: Provenance) -> FalloutReportResponse:
    return FalloutReportResponse(**dict(report), **source_fields(provenance))
