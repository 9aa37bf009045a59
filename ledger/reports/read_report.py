"""Each report by its name, from one state of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from ledger.reading.freshness import Freshness, read_freshness
from ledger.reading.ledger_reader import LedgerReader
from ledger.reports.model.report import Report

TIME_LIMIT = 60.0
"""Seconds. A report of a month takes a few at a million orders."""
ReportT = TypeVar("ReportT", bound=Report)


def read_report(reader: LedgerReader, read: Callable[[Connection], ReportT]) -> tuple[ReportT, Freshness]:
    """Raises LedgerUnusable, SearchTooSlow, and InvalidSearch."""
    with reader.snapshot(TIME_LIMIT) as connection:
        return read(connection), read_freshness(connection)
