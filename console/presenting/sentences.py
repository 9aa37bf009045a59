"""Sentences of operations for a page: the times in them become times in the viewer's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")


class TextPart(NamedTuple):
    text: str
    at: datetime | None = None
    """The moment that the text names."""


def split_times(text: str) -> list[TextPart]:
    parts, end = [], 0
    for found in _TIME.finditer(text):
        at = _moment(found[1])
        if at is None:
            continue
        parts += [TextPart(text[end : found.start()]), TextPart(found[0], at)]
        end = found.end()
    return [part for part in (*parts, TextPart(text[end:])) if part.text]


def _moment(text: str) -> datetime | None:
    """None for text of a person that only looks like a time."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
