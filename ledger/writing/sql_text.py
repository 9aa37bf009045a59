"""Parts of SQL statements that SQLite and PostgreSQL have in common. Names come from the schema, never from data."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Table


def names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@cache
def insert_of(table: Table, columns: tuple[str, ...]) -> str:
    """Without its values."""
    return f'INSERT INTO "{table.name}" ({names(columns)})'


@cache
def or_add_up(table: Table, column: str) -> str:
    """What becomes of a row whose primary key is there already: its `column` grows by the given one."""
    keys = names(key.name for key in table.primary_key)
    return f'ON CONFLICT ({keys}) DO UPDATE SET "{column}" = "{table.name}"."{column}" + excluded."{column}"'


@cache
def or_replace(table: Table, columns: tuple[str, ...]) -> str:
    """What becomes of a row whose primary key is there already: the given columns are replaced."""
    keys = [column.name for column in table.primary_key]
    replaced = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in keys)
    return f"ON CONFLICT ({names(keys)}) " + (f"DO UPDATE SET {replaced}" if replaced else "DO NOTHING")
