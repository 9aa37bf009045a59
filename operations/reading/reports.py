"""Reports over the orders of a period. Only a ledger has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from operations.errors import NoLedger
from operations.reading.ledger_access import LedgerAccess, from_ledger
from operations.reading.listed_orders import NO_LEDGER
from operations.reading.provenance import Provenance

if TYPE_CHECKING:
    from ledger.reports.model.duration_report import DurationReport
    from ledger.reports.model.fallout_report import FalloutReport
    from ledger.reports.model.shift_report import ShiftReport
    from ledger.reports.model.sla_report import SlaReport
    from ledger.reports.model.system_report import SystemReport
    from ledger.reports.period import ReportPeriod

SHIFT = timedelta(hours=8)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
_NOTHING: Mapping[str, timedelta] = MappingProxyType({})


@dataclass(frozen=True)
class ReportCriteria:
    """What a report is about. Without `until`, the period ends now; without `since`, it lasts as long as usual for the
    report: SHIFT or MONTH."""

    since: datetime | None = None
    until: datetime | None = None
    product: str | None = None
    """Only orders with this commercial product."""


class Reports:
    """Its methods raise NoLedger, OperationRefused for an empty period, LedgerAway, and TimedOut."""

    def __init__(self, ledger: LedgerAccess | None) -> None:
        self._ledger = ledger

    @property
    def has_ledger(self) -> bool:
        return self._ledger is not None

    async def shift(self, criteria: ReportCriteria) -> tuple[ShiftReport, Provenance]:
        ledger = self._require()
        from ledger.reports.read_report import read_report
        from ledger.reports.shift import read_shift

        report, freshness = await ledger.ask(
            lambda reader: read_report(reader, lambda at: read_shift(at, _period(criteria, SHIFT)))
        )
        return report, from_ledger(freshness)

    async def durations(
        self, criteria: ReportCriteria, expected: Mapping[str, timedelta] = _NOTHING
    ) -> tuple[DurationReport, Provenance]:
        """`expected`: what definitions expect, by `workstream.step`."""
        ledger = self._require()
        from ledger.reports.durations import read_durations
        from ledger.reports.read_report import read_report

        report, freshness = await ledger.ask(
            lambda reader: read_report(
                reader, lambda at: read_durations(at, _period(criteria, MONTH), criteria.product, expected)
            )
        )
        return report, from_ledger(freshness)

    async def sla(self, criteria: ReportCriteria) -> tuple[SlaReport, Provenance]:
        ledger = self._require()
        from ledger.reports.read_report import read_report
        from ledger.reports.sla import read_sla

        report, freshness = await ledger.ask(
            lambda reader: read_report(reader, lambda at: read_sla(at, _period(criteria, MONTH), criteria.product))
        )
        return report, from_ledger(freshness)

    async def fallout(self, criteria: ReportCriteria) -> tuple[FalloutReport, Provenance]:
        ledger = self._require()
        from ledger.reports.fallout import read_fallout
        from ledger.reports.read_report import read_report

        report, freshness = await ledger.ask(
            lambda reader: read_report(reader, lambda at: read_fallout(at, _period(criteria, MONTH), criteria.product))
        )
        return report, from_ledger(freshness)

    async def systems(self, criteria: ReportCriteria, system: str | None = None) -> tuple[SystemReport, Provenance]:
        """How systems answered calls, or one of them. Without a period, those of the last DAY."""
        ledger = self._require()
        from ledger.reports.read_report import read_report
        from ledger.reports.system_calls import read_system_calls

        report, freshness = await ledger.ask(
            lambda reader: read_report(reader, lambda at: read_system_calls(at, _period(criteria, DAY), system))
        )
        return report, from_ledger(freshness)

    def _require(self) -> LedgerAccess:
        if self._ledger is None:
            raise NoLedger(f"Only a ledger can report, and {NO_LEDGER}")
        return self._ledger


def _period(criteria: ReportCriteria, length: timedelta) -> ReportPeriod:
    from ledger.reports.period import ReportPeriod

    now = datetime.now(UTC)
    until = criteria.until or now
    return ReportPeriod(criteria.since or until - length, until, now)
