"""Statements of PostgreSQL that take all rows as one JSON text.

A statement for each row, as drivers send them, costs the worker three times as much of its processor. The rows' columns
have the types of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql

from ledger.stored_text import dump_json
from ledger.writing.rows import Row
from ledger.writing.sql_text import insert_of, names, or_add_up, or_replace

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    _run(connection, _insert_sql(table, tuple(rows[0])), rows)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    _run(connection, f"{_insert_sql(table, columns)} {or_replace(table, columns)}", rows)


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    _run(connection, f"{_insert_sql(table, tuple(rows[0]))} ON CONFLICT DO NOTHING", rows)


def add_up(connection: Connection, table: Table, rows: Sequence[Row], column: str) -> None:
    _run(connection, f"{_insert_sql(table, tuple(rows[0]))} {or_add_up(table, column)}", rows)


def delete(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    _run(connection, _delete_sql(table, tuple(keys[0])), keys)


def update(connection: Connection, table: Table, rows: Sequence[Row], keys: tuple[str, ...]) -> None:
    _run(connection, _update_sql(table, tuple(rows[0]), keys), rows)


def _run(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    """What a row leaves out is NULL. Most rows of steps have many of those, and reading them takes a third of the
    server's time."""
    given = [{name: value for name, value in row.items() if value is not None} for row in rows]
    connection.exec_driver_sql(sql, (dump_json(given),))


@cache
def _insert_sql(table: Table, columns: tuple[str, ...]) -> str:
    return f"{insert_of(table, columns)} SELECT {names(columns)} FROM {_row_set(table, columns)}"


@cache
def _delete_sql(table: Table, columns: tuple[str, ...]) -> str:
    return f'DELETE FROM "{table.name}" AS t USING {_row_set(table, columns)} WHERE {_matches(columns)}'


@cache
def _update_sql(table: Table, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = r."{name}"' for name in columns if name not in keys)
    return f'UPDATE "{table.name}" AS t SET {changes} FROM {_row_set(table, columns)} WHERE {_matches(keys)}'


def _row_set(table: Table, columns: tuple[str, ...]) -> str:
    types = ", ".join(f'"{name}" {table.c[name].type.compile(dialect=_DIALECT)}' for name in columns)
    return f"json_to_recordset(%s::json) AS r({types})"


def _matches(columns: Sequence[str]) -> str:
    return " AND ".join(f't."{name}" = r."{name}"' for name in columns)
