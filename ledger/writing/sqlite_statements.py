"""Statements of SQLite that run once for each row. The rows are made ready here: it takes half the time of
SQLAlchemy's general way, which looks at each value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.types import JSON

from ledger.schema.column_types import UtcTime, to_microseconds
from ledger.stored_text import dump_json
from ledger.writing.rows import Row
from ledger.writing.sql_text import insert_of, or_add_up, or_replace

Convert = Callable[[Any], Any]


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, _insert_sql(table, columns), table, columns, rows)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} {or_replace(table, columns)}", table, columns, rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} ON CONFLICT DO NOTHING", table, columns, rows)


def add_up(connection: Connection, table: Table, rows: Sequence[Row], column: str) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} {or_add_up(table, column)}", table, columns, rows)


def delete(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    columns = tuple(keys[0])
    _run(connection, f'DELETE FROM "{table.name}" WHERE {_matches(columns)}', table, columns, keys)


def update(connection: Connection, table: Table, rows: Sequence[Row], keys: tuple[str, ...]) -> None:
    changed = tuple(name for name in rows[0] if name not in keys)
    changes = ", ".join(f'"{name}" = ?' for name in changed)
    sql = f'UPDATE "{table.name}" SET {changes} WHERE {_matches(keys)}'
    _run(connection, sql, table, changed + keys, rows)


def _run(connection: Connection, sql: str, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    values = [_column_values(table, name, rows) for name in columns]
    connection.exec_driver_sql(sql, list(zip(*values, strict=True)))


def _column_values(table: Table, name: str, rows: Sequence[Row]) -> list[Any]:
    values = [row[name] for row in rows]
    convert = _converter(table, name)
    return values if convert is None else [None if value is None else convert(value) for value in values]


@cache
def _converter(table: Table, name: str) -> Convert | None:
    """None: the driver takes the values as they are."""
    column_type = table.c[name].type
    if isinstance(column_type, UtcTime):
        return to_microseconds
    return dump_json if isinstance(column_type, JSON) else None


@cache
def _insert_sql(table: Table, columns: tuple[str, ...]) -> str:
    return f"{insert_of(table, columns)} VALUES ({', '.join('?' * len(columns))})"


def _matches(columns: Sequence[str]) -> str:
    return " AND ".join(f'"{name}" = ?' for name in columns)
