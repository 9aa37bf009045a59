"""Times as people type them: a time, or how long from now."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from compiler.language.durations import parse_duration


def read_moment(text: str, now: datetime | None = None) -> datetime:
    """`2026-12-01`, `2026-12-01T08:00Z`, `2h`, `3d`. Without a zone, a time is UTC. Raises ValueError with a phrase
    that goes on after the field's name."""
    text, now = text.strip(), now or datetime.now(UTC)
    if not text:
        raise ValueError("needs a time")
    try:
        with suppress(ValueError):
            return now + parse_duration(text)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"must be a time like 2026-12-01T08:00Z, or how long from now, like 2h or 3d, and is `{text}`"
        ) from None


def input_moment(at: datetime | None) -> str:
    """As a person would type it: `2026-12-01T08:00:00Z`; empty for None."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment_value(text: str) -> str | None:
    """The value of a field for a date and time, in UTC: `2026-12-01T08:00`, with seconds if there are any. None if
    `text` is no date and time, or is finer than such a field. A date begins at 00:00."""
    try:
        at = datetime.fromisoformat(text.strip())
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    if at.microsecond % 1000:
        return None
    if at.microsecond:
        return at.isoformat(timespec="milliseconds")
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def moment_text(text: str) -> str:
    """What such a field sent, as orders say it: `2026-12-01T08:00:00Z`. Any other text as it is."""
    value = moment_value(text) if "T" in text else None
    return text if value is None else f"{datetime.fromisoformat(value).isoformat()}Z"
