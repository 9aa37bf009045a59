from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from ledger.database import write_transaction
from ledger.feed.feeder_row import REPORT_INTERVAL
from ledger.reading.freshness import SILENCE, Freshness, read_freshness
from ledger.schema.tables import feeders

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def ago(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOW - timedelta(seconds=seconds)


def test_a_worker_with_nothing_to_write_may_miss_a_report() -> None:
    assert timedelta(seconds=2 * REPORT_INTERVAL) < SILENCE <= timedelta(seconds=3 * REPORT_INTERVAL)


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], Freshness(NOW, 0.0, is_fed=False)),
        ([(5, None)], Freshness(NOW, 0.0, is_fed=True)),
        ([(5, None), (1, 7.5)], Freshness(NOW - timedelta(seconds=7.5), 7.5, is_fed=True)),
        ([(300, 400), (2, None)], Freshness(NOW, 0.0, is_fed=True)),
        ([(15, None)], Freshness(NOW - timedelta(seconds=15), 15.0, is_fed=False)),
        ([(300, None), (90, 95)], Freshness(NOW - timedelta(seconds=90), 90.0, is_fed=False)),
    ],
)
def test_the_worker_that_is_most_behind_counts(
    ledger_database: Engine, reports: list[tuple[float, float | None]], expected: Freshness
) -> None:
    """`reports`: how long ago a worker reported, and how old its oldest unwritten change is."""
    rows = [
        {
            "worker": f"w{number}",
            "started_at": NOW,
            "reported_at": ago(reported),
            "oldest_unwritten_at": ago(oldest),
            "unwritten_orders": 0,
            "written_changes": 0,
            "dropped_orders": 0,
        }
        for number, (reported, oldest) in enumerate(reports)
    ]
    if rows:
        with write_transaction(ledger_database) as connection:
            connection.execute(insert(feeders), rows)
    with ledger_database.connect() as connection:
        assert read_freshness(connection, NOW) == expected
