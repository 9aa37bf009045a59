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
from ledger.writing.sql_text import insert_of, or_replace

Convert = Callable[[Any], Any]


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} {or_replace(table, columns)}", table, columns, rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} ON CONFLICT DO NOTHING", table, columns, rows)


def delete(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    columns = tuple(keys[0])
    _run(connection, f'DELETE FROM "{table.name}" WHERE {_matches(columns)}', table, columns, keys)


def update(connection: Connection, table: Table, rows: Sequence[Row], keys: tuple[str, ...]) -> None:
    changed = tuple(name for name in rows[0] if name not in keys)
    changes = ", ".join(f'"{name}" = ?' for name in changed)
    sql = f'UPDATE "{table.name}" SET {changes} WHERE {_matches(keys)}'
    _run(connection, sql, table, changed + keys, rows)


def _run(connection: Connection, sql: str, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    converters = _converters(table, columns)
    values = [[row[name] for name in columns] for row in rows]
    for of_row in values:
        for position, convert in converters:
            of_row[position] = convert(of_row[position])
    connection.exec_driver_sql(sql, [tuple(of_row) for of_row in values])


@cache
def _converters(table: Table, columns: tuple[str, ...]) -> tuple[tuple[int, Convert], ...]:
    """Those that need one, by their position."""
    found = ((position, _converter(table, name)) for position, name in enumerate(columns))
    return tuple((position, convert) for position, convert in found if convert is not None)


def _converter(table: Table, name: str) -> Convert | None:
    column_type = table.c[name].type
    if isinstance(column_type, UtcTime):
        return to_microseconds
    return _json_or_null if isinstance(column_type, JSON) else None


def _json_or_null(value: Any) -> str | None:
    return None if value is None else dump_json(value)


@cache
def _insert_sql(table: Table, columns: tuple[str, ...]) -> str:
    return f"{insert_of(table, columns)} VALUES ({', '.join('?' * len(columns))})"


def _matches(columns: Sequence[str]) -> str:
    return " AND ".join(f'"{name}" = ?' for name in columns)
