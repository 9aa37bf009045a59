"""Documents of the archive that an order has left: it was recovered, and its rows are in the ledger again.

The document stays in its file. It has attempts and entries that the new run does not know, and personal data. No row of
`archived_orders` names it any more, so a note does, by which an erasure finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, select

from ledger.schema.tables import watermarks
from ledger.schema.value_lists import IsOneOf
from ledger.writing.statements import upsert

_STALE = "archive_stale:"
_DELETE = delete(watermarks).where(IsOneOf(watermarks.c.name, "names"))


@dataclass(frozen=True)
class StaleDocument:
    order_id: str
    submission: str
    file: str
    """As in `archived_orders`."""

    @property
    def _name(self) -> str:
        return f"{_STALE}{Path(self.file).name}:{self.submission}:{self.order_id}"


def note_stale(connection: Connection, documents: Iterable[StaleDocument]) -> None:
    rows = [
        {"name": each._name, "value": {"order_id": each.order_id, "submission": each.submission, "file": each.file}}
        for each in documents
    ]
    upsert(connection, watermarks, rows)


def find_stale(connection: Connection, order_ids: Collection[str]) -> list[StaleDocument]:
    """Those that have submissions of these orders."""
    return [each for each in _read(connection, _STALE) if each.order_id in order_ids]


def move_stale(connection: Connection, file: str, moved_to: str) -> None:
    """The file was replaced."""
    found = _read(connection, f"{_STALE}{Path(file).name}:")
    _forget(connection, found)
    note_stale(connection, [StaleDocument(each.order_id, each.submission, moved_to) for each in found])


def forget_stale(connection: Connection, file: str, order_id: str, submissions: Collection[str] | None = None) -> None:
    """The document has no personal data of these submissions, or of any, any more."""
    found = _read(connection, f"{_STALE}{Path(file).name}:")
    _forget(
        connection,
        [
            each
            for each in found
            if each.order_id == order_id and (submissions is None or each.submission in submissions)
        ],
    )


def _forget(connection: Connection, documents: Iterable[StaleDocument]) -> None:
    if names := [each._name for each in documents]:
        connection.execute(_DELETE, {"names": names})


def _read(connection: Connection, prefix: str) -> list[StaleDocument]:
    query = select(watermarks.c.value).where(watermarks.c.name.startswith(prefix, autoescape=True))
    return [StaleDocument(**value) for value in connection.execute(query).scalars()]
