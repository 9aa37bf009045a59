"""The rows of a batch of changes, gathered so that each table is written with few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Connection, Table

from ledger.stored_text import storable
from ledger.writing.rows import Row
from ledger.writing.statements import delete_rows, delete_rows_above, delete_rows_of_orders, update_rows, upsert

LONGEST_INDEXED_TEXT = 500
"""Characters. An entry of an index of PostgreSQL may have 2,700 bytes."""


@dataclass
class RowBatch:
    emptied: dict[Table, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Orders of which a table keeps no rows but those of this batch."""
    deleted: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """The values of columns that rows to delete have; the same columns for all of a table."""
    cut: dict[tuple[Table, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    """By the column of which values above a limit are deleted."""
    updated: dict[tuple[Table, tuple[str, ...], tuple[str, ...]], list[Row]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By the columns that find the rows, and all columns."""
    rows: dict[tuple[Table, tuple[str, ...]], list[Row]] = field(default_factory=lambda: defaultdict(list))
    """By the columns that they have."""

    def put(self, table: Table, rows: Iterable[Row]) -> None:
        """Inserts the rows, or replaces their columns in those that are there."""
        for row in rows:
            self.rows[table, tuple(row)].append(row)

    def replace(self, table: Table, order_key: int, rows: Iterable[Row]) -> None:
        """`rows` become all that the order has in `table`."""
        self.emptied[table].add(order_key)
        self.put(table, rows)

    def update(self, table: Table, keys: tuple[str, ...], row: Row) -> None:
        self.updated[table, keys, tuple(row)].append(row)

    def delete(self, table: Table, key: Row) -> None:
        self.deleted[table].append(key)

    def delete_above(self, table: Table, order_key: int, column: str, limit: int) -> None:
        """Deletes the rows of the order whose `column` is above `limit`."""
        self.cut[table, column].append({"order_key": order_key, "limit": limit})

    def repaired(self) -> RowBatch:
        """With texts that every database takes: some characters are replaced, and too long ones of an index are cut."""
        return RowBatch(
            self.emptied,
            self.deleted,
            self.cut,
            defaultdict(list, {key: [_repaired(key[0], row) for row in rows] for key, rows in self.updated.items()}),
            defaultdict(list, {key: [_repaired(key[0], row) for row in rows] for key, rows in self.rows.items()}),
        )

    def write(self, connection: Connection) -> None:
        for table, order_keys in self.emptied.items():
            delete_rows_of_orders(connection, [table], order_keys)
        for table, keys in self.deleted.items():
            delete_rows(connection, table, keys)
        for (table, column), limits in self.cut.items():
            delete_rows_above(connection, table, column, limits)
        for (table, _), rows in self.rows.items():
            upsert(connection, table, rows)
        for (table, names, _), updates in self.updated.items():
            update_rows(connection, table, updates, *names)


def _repaired(table: Table, row: Row) -> Row:
    cut = _indexed_columns(table)
    return {
        name: value[:LONGEST_INDEXED_TEXT] if isinstance(value, str) and name in cut else value
        for name, value in storable(row).items()
    }


@cache
def _indexed_columns(table: Table) -> frozenset[str]:
    indexed = {column.name for index in table.indexes for column in index.columns}
    return frozenset(indexed | {column.name for column in table.primary_key})
