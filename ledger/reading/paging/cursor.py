"""Cursors: where a sorted list continues, as text that clients keep between two pages.

A cursor holds the sorted values of the last row, so that the next page begins behind it, whatever was added or has gone
in the meantime. It belongs to one filter and one sort.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ledger.reading.errors import InvalidSearch

PREFIX = "L"
"""A cursor of the ledger begins so. Those of Temporal's visibility are told apart by it."""


@dataclass(frozen=True)
class Cursor:
    phase: int
    """Which part of the list the last row is in: see ledger.reading.paging.phases."""
    values: tuple[int | str | datetime | None, ...]
    """What the last row is sorted by in this part, without NULLs that all its rows share."""


_STORED = TypeAdapter(tuple[str, int, list[int | str | list[int] | None]])


def list_digest(*parts: object) -> str:
    """What a cursor is bound to. `parts` have a `repr` that says all that matters."""
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def is_ledger_cursor(text: str) -> bool:
    return text.startswith(PREFIX)


def encode_cursor(cursor: Cursor, digest: str) -> str:
    stored = _STORED.dump_json((digest, cursor.phase, [_plain(value) for value in cursor.values]))
    checked = zlib.crc32(stored).to_bytes(4) + stored
    return PREFIX + base64.urlsafe_b64encode(checked).decode().rstrip("=")


def decode_cursor(text: str | None, digest: str) -> Cursor | None:
    """Raises InvalidSearch for a text that no list returned, and for the cursor of another list."""
    if text is None:
        return None
    try:
        checked = base64.urlsafe_b64decode(text.removeprefix(PREFIX) + "===")
        bound_to, phase, values = _STORED.validate_json(checked[4:], strict=True)
    except (ValueError, ValidationError):
        raise InvalidSearch("The cursor is not one that this list returned") from None
    if zlib.crc32(checked[4:]).to_bytes(4) != checked[:4] or not is_ledger_cursor(text):
        raise InvalidSearch("The cursor is not one that this list returned")
    if bound_to != digest:
        raise InvalidSearch(
            "The cursor belongs to a list with another filter or sort. Repeat the filter and the sort of the first page"
        )
    try:
        return Cursor(phase, tuple(_value(value) for value in values))
    except (OverflowError, TypeError):
        raise InvalidSearch("The cursor is not one that this list returned") from None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(value: Any) -> int | str | list[int] | None:
    """A moment as days, seconds and microseconds since 1970, exactly."""
    if not isinstance(value, datetime):
        return value  # type: ignore[no-any-return]
    since = value - _EPOCH
    return [since.days, since.seconds, since.microseconds]


def _value(stored: int | str | list[int] | None) -> int | str | datetime | None:
    if not isinstance(stored, list):
        return stored
    return _EPOCH + timedelta(*stored)
