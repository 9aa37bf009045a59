"""All rows of an order as one document, for the archive, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Select, Table, delete, insert, select

from ledger.schema.column_types import UtcTime
from ledger.schema.tables import ROWS_OF_AN_ORDER, attempts, catalogue_versions, orders
from ledger.writing.statements import add

FORMAT = 1
"""Readers refuse a higher number. A column that a document lacks is NULL; one that the schema lacks is left out."""
BY_ORDER_ID = (attempts,)
VERSION = "catalogue_version"
"""In the document, an order's row has the catalogue version itself instead of its key."""

Row = dict[str, Any]


class DocumentUnreadable(Exception):
    """The message says why."""


@dataclass
class OrderRows:
    """Everything that the ledger has of an order id, over all its submissions."""

    order_id: str
    tables: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """Table → rows. `order_key` is the `key` of a row of `orders` in this document."""

    @property
    def orders(self) -> list[Row]:
        return self.tables["orders"]

    @property
    def current(self) -> Row:
        return next((row for row in self.orders if row["is_current"]), self.orders[-1])

    def only(self, submissions: Collection[str]) -> OrderRows:
        """Without the rows of other submissions. Attempts stay: they do not name their submission."""
        keys = {row["key"] for row in self.orders if row["submission"] in submissions}
        by_id = {table.name for table in BY_ORDER_ID}
        found = OrderRows(self.order_id)
        for name, rows in self.tables.items():
            found.tables[name] = [
                row for row in rows if name in by_id or row["key" if name == "orders" else "order_key"] in keys
            ]
        return found

    def dump(self) -> bytes:
        """One line of JSON, without the line's end."""
        document = {"format": FORMAT, "order_id": self.order_id, "tables": {k: v for k, v in self.tables.items() if v}}
        return to_json(document, inf_nan_mode="null")


def parse_rows(line: bytes) -> OrderRows:
    """Raises DocumentUnreadable."""
    try:
        document = from_json(line)
        number, order_id, tables = document["format"], document["order_id"], document["tables"]
    except (ValueError, TypeError, KeyError):
        raise DocumentUnreadable("it is no archived order") from None
    if number > FORMAT:
        raise DocumentUnreadable(f"it has format {number}, and this release reads up to {FORMAT}")
    known = {table.name: table for table in (orders, *ROWS_OF_AN_ORDER, *BY_ORDER_ID)}
    found = OrderRows(order_id)
    for name, rows in tables.items():
        if name in known:
            found.tables[name] = [_with_times(known[name], row) for row in rows]
    return found


def _with_times(table: Table, row: Row) -> Row:
    times = [column.name for column in table.c if isinstance(column.type, UtcTime)]
    return row | {name: datetime.fromisoformat(row[name]) for name in times if row.get(name) is not None}


def read_rows(connection: Connection, order_ids: Collection[str]) -> list[OrderRows]:
    """The rows of these orders, in the order of their first row. Orders that are not there are left out."""
    found: dict[str, OrderRows] = {}
    owners: dict[int, OrderRows] = {}
    version = catalogue_versions.c.version.label(VERSION)
    columns = [column for column in orders.c if column.name != "catalogue_version_key"]
    query = (
        select(*columns, version)
        .outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
        .where(orders.c.order_id.in_(sorted(order_ids)))
        .order_by(orders.c.key)
    )
    for row in _plain(connection, query):
        document = found.setdefault(row["order_id"], OrderRows(row["order_id"]))
        document.tables["orders"].append(row)
        owners[row["key"]] = document
    for table in ROWS_OF_AN_ORDER:
        query = select(table).where(table.c.order_key.in_(sorted(owners))).order_by(*table.primary_key)
        for row in _plain(connection, query):
            owners[row["order_key"]].tables[table.name].append(row)
    for table in BY_ORDER_ID:
        query = select(table).where(table.c.order_id.in_(sorted(found))).order_by(*table.primary_key)
        for row in _plain(connection, query):
            found[row["order_id"]].tables[table.name].append(row)
    return list(found.values())


def _plain(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    """The names in SQLAlchemy's rows are texts of a class of its own, and slow to write as JSON."""
    found = connection.execute(query)
    names = list(map(str, found.keys()))
    yield from (dict(zip(names, row, strict=True)) for row in found)


def delete_rows_of(connection: Connection, documents: Iterable[OrderRows]) -> None:
    documents = list(documents)
    keys = sorted(row["key"] for document in documents for row in document.orders)
    order_ids = sorted(document.order_id for document in documents)
    for table in ROWS_OF_AN_ORDER:
        connection.execute(delete(table).where(table.c.order_key.in_(keys)))
    for table in BY_ORDER_ID:
        connection.execute(delete(table).where(table.c.order_id.in_(order_ids)))
    connection.execute(delete(orders).where(orders.c.key.in_(keys)))


def insert_rows(connection: Connection, document: OrderRows) -> None:
    """Writes all rows, with new keys. Its submissions must not be there. Attempts may be."""
    keys: dict[int, int] = {}
    for row in document.orders:
        values = _known_columns(orders, row)
        old_key = values.pop("key")
        values["catalogue_version_key"] = _version_key(connection, row.get(VERSION))
        keys[old_key] = connection.execute(insert(orders).returning(orders.c.key), values).scalar_one()
    for table in ROWS_OF_AN_ORDER:
        rows = [
            _known_columns(table, row) | {"order_key": keys[row["order_key"]]} for row in document.tables[table.name]
        ]
        _insert(connection, table, rows)
    for table in BY_ORDER_ID:
        add(connection, table, [_known_columns(table, row) for row in document.tables[table.name]])


def _known_columns(table: Table, row: Mapping[str, Any]) -> Row:
    return {column.name: row.get(column.name) for column in table.c}


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _version_key(connection: Connection, version: str | None) -> int | None:
    if version is None:
        return None
    by_version = select(catalogue_versions.c.key).where(catalogue_versions.c.version == version)
    key = connection.execute(by_version).scalar()
    if key is None:
        added = insert(catalogue_versions).returning(catalogue_versions.c.key)
        key = connection.execute(added, {"version": version}).scalar_one()
    return int(key)
