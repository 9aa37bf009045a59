"""How systems answered: calls, errors, and how long they took, also over time."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ledger.reports.model.report import Report, ReportPart, Spread

INTERVALS = 24
"""Parts of a period."""
MAX_ERRORS = 10
"""Error codes of one system."""


class SystemFailure(ReportPart):
    code: str
    status: int | None = Field(description="Of HTTP; null if there was no response")
    count: int
    orders: int
    last_at: datetime


class CallInterval(ReportPart):
    """A part of the period. Parts without attempts are left out."""

    number: int = Field(description="From 0; it begins `number` times `interval` after the period's begin")
    attempts: int
    failed: int
    p50: float = Field(description="Seconds until an attempt ended")
    p90: float


class SystemCalls(ReportPart):
    system: str
    attempts: int
    failed: int
    took: Spread = Field(description="Seconds until an attempt ended, failed ones included")
    last_success_at: datetime | None
    last_failure_at: datetime | None
    errors: list[SystemFailure] = Field(description=f"The most frequent first, at most {MAX_ERRORS}")
    intervals: list[CallInterval] = Field(description="In the order of time")


class SystemReport(Report):
    interval: float = Field(description="Seconds: the length of the parts of the period")
    systems: list[SystemCalls] = Field(description="By id. Systems without an attempt in the period are left out")
