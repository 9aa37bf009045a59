"""Ids of orders that were accepted once, and so are refused for ever."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from ledger.schema.tables import order_ids


class UsedIdRow(NamedTuple):
    digest: str | None
    revision: int


def find_used_id(connection: Connection, order_id: str) -> UsedIdRow | None:
    """None if no order with this id was ever accepted."""
    columns = order_ids.c
    query = select(columns.digest, columns.revision).where(columns.order_id == order_id, columns.accepted)
    row = connection.execute(query).first()
    return UsedIdRow(*row) if row is not None else None
