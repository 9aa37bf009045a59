"""Where an order's rows are, and whether its personal data was erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ledger.schema.tables import archived_orders, erased_orders


@dataclass(frozen=True)
class OrderStorage:
    archive_file: str | None = None
    """The path at which it was written. None: the order is in the ledger."""
    erased_at: datetime | None = None
    """When its personal data was erased."""
    erasure: int | None = None
    """The key of that erasure."""


NOT_MOVED = OrderStorage()


def read_storage(connection: Connection, order_id: str, submission: str) -> OrderStorage:
    archived, erased = archived_orders.c, erased_orders.c
    of_archived = select(archived.file).where(archived.order_id == order_id, archived.submission == submission)
    of_erased = select(erased.at, erased.erasure_key).where(
        erased.order_id == order_id, erased.submission == submission
    )
    row = connection.execute(of_erased).one_or_none()
    at, key = (row.at, row.erasure_key) if row is not None else (None, None)
    return OrderStorage(connection.execute(of_archived).scalar_one_or_none(), at, key)
