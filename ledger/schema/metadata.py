"""The MetaData that all tables of the ledger belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Table

from ledger.schema.column_types import Key

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def order_key(*, primary_key: bool = True) -> Column[int]:
    """The key of the order (`orders.key`) that a row belongs to."""
    return Column("order_key", Key, primary_key=primary_key, autoincrement=False, nullable=False)


def clustered_table(name: str, *columns: Any) -> Table:
    """A table that SQLite keeps in the order of its primary key, so that the rows of an order lie together."""
    return Table(name, metadata, *columns, sqlite_with_rowid=False)
