"""Sentences and instructions for a page: the times in them become times in the viewer's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_TIME = re.compile(
    r"(?<![\w.:+-])(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)( UTC|Z|[+-]\d\d:\d\d)(?![\w:+-])", re.ASCII
)
"""A moment with its zone, as operations writes it and as ISO 8601. Without a zone it may mean any."""


class TextPart(NamedTuple):
    text: str
    at: datetime | None = None
    """The moment that the text names, in UTC."""


def split_times(text: str) -> list[TextPart]:
    parts, end = [], 0
    for found in _TIME.finditer(text):
        at = _moment(found[1], found[2])
        if at is None:
            continue
        parts += [TextPart(text[end : found.start()]), TextPart(found[0], at)]
        end = found.end()
    return [part for part in (*parts, TextPart(text[end:])) if part.text]


def _moment(clock: str, zone: str) -> datetime | None:
    """None for text of a person that only looks like a time."""
    try:
        return datetime.fromisoformat(clock + ("+00:00" if zone == " UTC" else zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
