"""How far reconciliation has come, kept in the ledger itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from ledger.schema.tables import watermarks
from ledger.writing.statements import upsert

CLOSED = "closed"
"""`at`: orders that were closed until then are compared. `value`: the window that is under way."""
STARTED = "started"
"""`at`: orders that were started until then are compared."""
BACKFILL = "backfill"
"""`at`: orders that were closed from then until reconciliation began for the first time are compared. `value` is true
once that is done for all that Temporal keeps."""
OPEN = "open"
"""`value`: the key of the last open order that was compared in this round. `at`: when the round began."""
RECONCILIATION = "reconciliation"
"""`at`: the end of the last run. `value`: its summary."""
NAMESPACE = "namespace"
"""`value`: the id of Temporal's namespace whose orders the ledger has."""
REPORTED_CLASHES = "reported_clashes"
"""`value`: the key of the last clash that was reported."""


class Watermark(NamedTuple):
    at: datetime | None = None
    value: Any = None


def read_watermark(connection: Connection, name: str) -> Watermark:
    query = select(watermarks.c.at, watermarks.c.value).where(watermarks.c.name == name)
    found = connection.execute(query).one_or_none()
    return Watermark() if found is None else Watermark(found.at, found.value)


def write_watermark(connection: Connection, name: str, at: datetime | None = None, value: Any = None) -> None:
    upsert(connection, watermarks, [{"name": name, "at": at, "value": value}])
