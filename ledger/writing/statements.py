"""The SQL statements that write many rows at once, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Table, Update, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
"""Column name → value."""


@cache
def insert_into(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _upsert_into(table: Table, columns: tuple[str, ...], dialect: str) -> Insert:
    statement = insert_into(table, dialect)
    keys = [column.name for column in table.primary_key]
    replaced = {name: statement.excluded[name] for name in columns if name not in keys}
    if not replaced:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=keys, set_=replaced)


@cache
def _add_to(table: Table, dialect: str) -> Insert:
    return insert_into(table, dialect).on_conflict_do_nothing()


@cache
def _delete_by(table: Table, columns: tuple[str, ...]) -> Delete:
    return delete(table).where(*(table.c[name] == bindparam(f"of_{name}") for name in columns))


@cache
def _delete_above(table: Table, column: str) -> Delete:
    return delete(table).where(table.c.order_key == bindparam("order_key"), table.c[column] > bindparam("limit"))


@cache
def _update_by(table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Update:
    matches = (table.c[name] == bindparam(f"of_{name}") for name in keys)
    return update(table).where(*matches).values({name: bindparam(name) for name in columns})


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows. Of those whose primary key is there already, the given columns are replaced. All rows have the same
    columns."""
    if rows:
        connection.execute(_upsert_into(table, tuple(rows[0]), connection.dialect.name), rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows. Those whose primary key is there already stay as they are."""
    if rows:
        connection.execute(_add_to(table, connection.dialect.name), rows)


def delete_rows(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Deletes the rows with these values of these columns; all keys have the same columns."""
    if keys:
        parameters = [{f"of_{name}": value for name, value in key.items()} for key in keys]
        connection.execute(_delete_by(table, tuple(keys[0])), parameters)


def delete_rows_above(connection: Connection, table: Table, column: str, limits: Sequence[Row]) -> None:
    """Deletes, of each order (`order_key`), the rows whose `column` is above its `limit`."""
    if limits:
        connection.execute(_delete_above(table, column), limits)


def update_rows(connection: Connection, table: Table, rows: Sequence[Row], *keys: str) -> None:
    """Sets the other columns of `rows` in the rows of the table that have the same `keys`."""
    if rows:
        columns = tuple(name for name in rows[0] if name not in keys)
        parameters = [{(f"of_{name}" if name in keys else name): value for name, value in row.items()} for row in rows]
        connection.execute(_update_by(table, keys, columns), parameters)


def delete_rows_of_orders(connection: Connection, tables: Sequence[Table], order_keys: Collection[int]) -> None:
    """Deletes what these tables have of the orders."""
    if order_keys:
        for table in tables:
            connection.execute(delete(table).where(table.c.order_key.in_(sorted(order_keys))))
