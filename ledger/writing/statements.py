"""The SQL statements that write many rows at once, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import Connection, Delete, Table, bindparam
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects import postgresql, sqlite

from ledger.database import is_sqlite
from ledger.schema.value_lists import IsOneOf
from ledger.writing import postgresql_statements, sqlite_statements
from ledger.writing.rows import Row


@cache
def insert_into(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Raises IntegrityError if the primary key, or another unique value, of a row is there already."""
    if rows:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).insert(connection, table, rows)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows. Of those whose primary key is there already, the given columns are replaced. All rows have the same
    columns."""
    if rows:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).upsert(connection, table, rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows. Those whose primary key is there already stay as they are."""
    if rows:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).add(connection, table, rows)


def add_up(connection: Connection, table: Table, rows: Sequence[Row], column: str) -> None:
    """Inserts rows. Of those whose primary key is there already, `column` grows by the given value."""
    if rows:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).add_up(connection, table, rows, column)


def delete_rows(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Deletes the rows with these values of these columns; all keys have the same columns."""
    if keys:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).delete(connection, table, keys)


def update_rows(connection: Connection, table: Table, rows: Sequence[Row], *keys: str) -> None:
    """Sets the other columns of `rows` in the rows of the table that have the same `keys`."""
    if rows:
        (sqlite_statements if is_sqlite(connection) else postgresql_statements).update(connection, table, rows, keys)


@cache
def _delete_above(table: Table, column: str) -> Delete:
    return delete_from(table).where(table.c.order_key == bindparam("order_key"), table.c[column] > bindparam("limit"))


def delete_rows_above(connection: Connection, table: Table, column: str, limits: Sequence[Row]) -> None:
    """Deletes, of each order (`order_key`), the rows whose `column` is above its `limit`."""
    if limits:
        connection.execute(_delete_above(table, column), limits)


@cache
def _delete_of_orders(table: Table) -> Delete:
    return delete_from(table).where(IsOneOf(table.c.order_key, "order_keys"))


def delete_rows_of_orders(connection: Connection, tables: Sequence[Table], order_keys: Collection[int]) -> None:
    """Deletes what these tables have of the orders."""
    if order_keys:
        for table in tables:
            connection.execute(_delete_of_orders(table), {"order_keys": order_keys})
