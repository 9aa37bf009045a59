"""Fallout by system and error code: how often, how it was resolved, and how long that took."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from ledger.reports.model.report import Report, ReportPart, Spread


class Resolution(StrEnum):
    RETRIED = "retried"
    RETRIED_AUTOMATICALLY = "retried_automatically"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    REDONE = "redone"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    OTHER = "other"
    """For example by a late callback, an amendment, or because the order was ended from outside."""
    OPEN = "open"


class FalloutRow(ReportPart):
    system: str | None
    code: str
    count: int = Field(description="How often a step was in fallout in the period")
    orders: int
    attempts: int = Field(description="Attempts that these steps made, the last time they were done")
    resolved: dict[Resolution, int] = Field(description="How it ended. Ways that did not occur are left out")
    open: int = Field(description="How many wait for a decision now")
    took: Spread | None = Field(description="Seconds until it was resolved; null: none was")
    oldest_open: datetime | None = Field(description="Since when the oldest open one waits")


class FalloutReport(Report):
    product: str | None = Field(description="Only orders with this commercial product")
    rows: list[FalloutRow] = Field(description="The most frequent first")
