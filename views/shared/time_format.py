"""Times and durations for people. All times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400


def format_time(at: datetime | None) -> str:
    """`2026-12-01 08:00:00 UTC`; empty for None."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def format_short_time(at: datetime | None, now: datetime | None = None) -> str:
    """`08:00:00` on the day of `now`, `2026-12-01 08:00` on another; empty for None."""
    if at is None:
        return ""
    at, now = at.astimezone(UTC), (now or datetime.now(UTC)).astimezone(UTC)
    return at.strftime("%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def format_age(span: timedelta) -> str:
    """`16 s`, `12 min`, `5 h`, `47 d`: one unit."""
    seconds = abs(span.total_seconds())
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def format_elapsed(span: timedelta | float) -> str:
    """`30 ms`, `0.3 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if 0 < seconds < 0.095:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{sign}{seconds:.1f} s" if seconds % 1 else f"{sign}{seconds:.0f} s"
    whole = round(seconds)
    for size, unit, below, part in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{sign}{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{sign}{whole} s"
