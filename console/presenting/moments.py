"""Moments as people write them into a filter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from compiler.language.durations import parse_duration

TODAY, TOMORROW = "today", "tomorrow"
EXAMPLES = "2026-12-01, 2026-12-01T08:00, today, 2h or 3d"


def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone with this name in the IANA database. None for a name that it does not have."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def parse_moment(text: str, now: datetime, zone: ZoneInfo, *, ahead: bool) -> datetime:
    """In UTC. Days and times without a zone are in `zone`. A duration counts from `now`, into the future if `ahead`.
    Raises ValueError with a message for the person who wrote it."""
    written = text.strip()
    try:
        if written.lower() in (TODAY, TOMORROW):
            midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            return (midnight + timedelta(days=1 if written.lower() == TOMORROW else 0)).astimezone(UTC)
        if "-" in written:
            at = datetime.fromisoformat(written)
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        span = parse_duration(written)
        return now + span if ahead else now - span
    except (ValueError, OverflowError) as error:
        raise ValueError(f"`{written}` is neither a time nor a duration. Write for example {EXAMPLES}") from error
