"""Periods of reports as people write them, and as addresses say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.pages.reports.csv_file import csv_text
from console.presenting.reports.period import ReportQuery

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def test_a_period_is_a_time_or_how_long_ago() -> None:
    criteria = ReportQuery("7d", "2026-01-09T08:00", " parcel ").criteria(NOON)
    assert criteria.since == NOON - timedelta(days=7)
    assert criteria.until == datetime(2026, 1, 9, 8, tzinfo=UTC)
    assert criteria.product == "parcel"
    nothing = ReportQuery().criteria(NOON)
    assert (nothing.since, nothing.until, nothing.product) == (None, None, None)
    with pytest.raises(ValueError, match="`soon` is neither a time nor a duration"):
        ReportQuery("soon").criteria(NOON)


def test_the_address_keeps_what_is_not_changed() -> None:
    query = ReportQuery("2026-01-01", "", "a&b")
    assert query.url("/reports/sla") == "/reports/sla?since=2026-01-01&product=a%26b"
    presets = query.presets("/reports/sla", "30d")
    assert [each.url for each in presets if each.label == "7 days"] == ["/reports/sla?since=7d&product=a%26b"]
    assert not any(each.is_current for each in presets)
    (usual,) = [each for each in ReportQuery().presets("/reports/sla", "30d") if each.is_current]
    assert usual.label == "30 days"


def test_texts_that_a_spreadsheet_would_compute_are_kept_from_it() -> None:
    rows = [{"name": '=HYPERLINK("http://x")', "count": -3, "at": NOON}, {"name": "-", "count": 2.5, "at": None}]
    assert csv_text(("name", "count", "at"), rows).splitlines() == [
        "name,count,at",
        '"\'=HYPERLINK(""http://x"")",-3,2026-01-10T12:00:00Z',
        "'-,2.5,",
    ]
