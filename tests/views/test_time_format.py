from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from views.shared.time_format import format_elapsed, format_short_time, format_time
from views.shared.value_format import pluralize

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.0312, "31 ms"),
        (0.31, "0.3 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
        (-90, "-1 min 30 s"),
    ],
)
def test_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    assert format_elapsed(seconds) == words
    assert format_elapsed(timedelta(seconds=seconds)) == words


def test_time_is_printed_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert format_time(datetime(2026, 12, 1, 9, tzinfo=berlin)) == "2026-12-01 08:00:00 UTC"
    assert format_time(None) == ""


def test_time_of_today_is_printed_without_date() -> None:
    assert format_short_time(NOON.replace(hour=8), NOON) == "08:00:00"
    assert format_short_time(NOON + timedelta(days=1), NOON) == "2026-12-02 12:00"


def test_nouns_agree_with_counts() -> None:
    assert [pluralize(number, "step") for number in (0, 1, 12_000)] == ["0 steps", "1 step", "12,000 steps"]
