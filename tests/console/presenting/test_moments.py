from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from console.presenting.moments import find_zone, parse_moment

NOW = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "2026-11-28T21:30:00+00:00"),
        ("today", "2026-11-28T23:00:00+00:00"),
        ("Tomorrow", "2026-11-29T23:00:00+00:00"),
        ("2026-12-01", "2026-11-30T23:00:00+00:00"),
        ("2026-12-01T08:00", "2026-12-01T07:00:00+00:00"),
        ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00+00:00"),
        (" 2026-07-01 ", "2026-06-30T22:00:00+00:00"),
    ],
)
def test_days_are_those_of_the_zone(text: str, expected: str) -> None:
    assert parse_moment(text, NOW, BERLIN, ahead=False).isoformat() == expected


def test_a_duration_may_count_ahead() -> None:
    assert parse_moment("3d", NOW, BERLIN, ahead=True) == datetime(2026, 12, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterdayish", "2026-13-01", "12", "99999999w", "9999-12-31T23:59-23:59", "-2h"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="neither a time nor a duration"):
        parse_moment(text, NOW, BERLIN, ahead=False)


def test_a_zone_is_found_by_its_name() -> None:
    assert find_zone("Europe/Berlin") == BERLIN
    assert find_zone(None) == ZoneInfo("UTC")
    for name in ("Nowhere/Atlantis", "../../etc/passwd", "/etc/passwd", "a\0b", "Europe"):
        assert find_zone(name) is None, name
