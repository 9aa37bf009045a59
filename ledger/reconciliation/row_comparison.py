"""Compares the rows of an order in two ledgers: those that the order's own records make, and those that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, Table, delete, select

from ledger.database import open_ledger, write_transaction
from ledger.schema.tables import (
    ROWS_OF_AN_ORDER,
    amendments,
    catalogue_versions,
    history_entries,
    line_reasons,
    metadata,
    order_documents,
    order_ids,
    orders,
)

RowKey = tuple[Any, ...]
Rows = dict[str, dict[RowKey, dict[str, Any]]]
"""Table → key of the row → its columns. The key begins with the submission, if the row belongs to one."""

KEPT: Mapping[str, str] = {history_entries.name: "number", amendments.name: "revision"}
"""Tables that keep rows which the order itself has forgotten, and what numbers them."""
LEARNED_ONCE: Mapping[str, tuple[str, ...]] = {order_documents.name: ("submitted",), order_ids.name: ("digest",)}
"""Columns that an order may not know any more: NULL in its record says nothing."""
SOMETIMES_KNOWN = frozenset({line_reasons.name})
"""Tables with rows that an order knows only while the worker that compiled its plan runs it."""
POSITION_COLUMNS = frozenset({"event_id", "position_at", "changed_at"})
"""Of `orders`. An order answers the position of its last turn; workflow tasks without a turn move only Temporal on."""
NOT_COMPARED: Mapping[str, tuple[str, ...]] = {order_ids.name: ("first_at",)}
"""An id may have been used before Temporal's memory begins."""


class Difference(NamedTuple):
    order_id: str
    table: str
    row: str
    column: str
    """Empty if the whole row is missing, or is too many."""
    in_ledger: Any
    in_order: Any

    @property
    def is_of_position(self) -> bool:
        return self.table == orders.name and self.column in POSITION_COLUMNS

    @property
    def sentence(self) -> str:
        """Without values."""
        place = f"{self.table} {self.row}".strip()
        if self.column:
            return f"{place}: {self.column} differs"
        return f"{place}: the row is missing" if self.in_ledger is None else f"{place}: the row is too many"


def load_rows(connection: Connection, order_id: str) -> Rows:
    """Everything of the order that its own records say, too."""
    source = orders.outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
    query = select(orders, catalogue_versions.c.version).select_from(source).where(orders.c.order_id == order_id)
    submissions: dict[int, str] = {}
    rows: Rows = {orders.name: {}}
    for found in connection.execute(query).mappings():
        submissions[found["key"]] = found["submission"]
        row = {name: value for name, value in found.items() if name not in ("key", "catalogue_version_key")}
        rows[orders.name][(found["submission"],)] = row
    for table in ROWS_OF_AN_ORDER:
        rows[table.name] = _rows_of(connection, table, submissions)
    used = connection.execute(select(order_ids).where(order_ids.c.order_id == order_id)).mappings().one_or_none()
    rows[order_ids.name] = {} if used is None else {(): dict(used)}
    return rows


def _rows_of(connection: Connection, table: Table, submissions: Mapping[int, str]) -> dict[RowKey, dict[str, Any]]:
    keys = [column.name for column in table.primary_key if column.name != "order_key"]
    query = select(table).where(table.c.order_key.in_(list(submissions)))
    rows: dict[RowKey, dict[str, Any]] = {}
    for found in connection.execute(query).mappings():
        submission = submissions[found["order_key"]]
        row = {name: value for name, value in found.items() if name != "order_key"}
        rows[submission, *(found[name] for name in keys)] = row
    return rows


def compare_rows(order_id: str, in_order: Rows, in_ledger: Rows) -> list[Difference]:
    """Submissions that `in_order` does not have are not compared: Temporal may have forgotten them, or they are
    archived or erased. Nor is it a difference if all rows agree, and only the positions do not."""
    known = {key[0] for key in in_order[orders.name]}
    found: list[Difference] = []
    for table, wanted in in_order.items():
        told = {key[0] for key in wanted} if table in SOMETIMES_KNOWN else known
        if table == order_ids.name and any(row["submission"] not in known for row in in_ledger[table].values()):
            continue  # an earlier order used the id
        there = {key: row for key, row in in_ledger[table].items() if not key or key[0] in told}
        found += _compare_table(order_id, table, wanted, there)
    return [] if all(each.is_of_position for each in found) else found


def _compare_table(
    order_id: str, table: str, wanted: Mapping[RowKey, dict[str, Any]], there: Mapping[RowKey, dict[str, Any]]
) -> Iterator[Difference]:
    for key in wanted.keys() - there.keys():
        yield Difference(order_id, table, _row_name(key), "", None, wanted[key])
    first: dict[str, int] = (
        dict(sorted(wanted, reverse=True)) if table in KEPT else {}
    )  # submission → its lowest number
    for key in there.keys() - wanted.keys():
        if table not in KEPT or (key[0] in first and key[1] >= first[key[0]]):
            yield Difference(order_id, table, _row_name(key), "", there[key], None)
    for key in wanted.keys() & there.keys():
        for column, value in wanted[key].items():
            if column in NOT_COMPARED.get(table, ()) or (value is None and column in LEARNED_ONCE.get(table, ())):
                continue
            if there[key][column] != value:
                yield Difference(order_id, table, _row_name(key), column, there[key][column], value)


def _row_name(key: RowKey) -> str:
    return " ".join(str(part) for part in key[1:])


class ScratchLedger:
    """A ledger of its own, for the rows that records make."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def clear(self) -> None:
        with write_transaction(self.engine) as connection:
            for table in metadata.tables.values():
                connection.execute(delete(table))

    def rows(self, order_id: str) -> Rows:
        with self.engine.connect() as connection:
            return load_rows(connection, order_id)


@contextmanager
def scratch_ledger() -> Iterator[ScratchLedger]:
    with TemporaryDirectory(prefix="ordo-ledger-") as folder:
        url = URL.create("sqlite+pysqlite", database=str(Path(folder) / "scratch.sqlite"))
        engine = open_ledger(url, create=True)
        metadata.create_all(engine)
        try:
            yield ScratchLedger(engine)
        finally:
            engine.dispose()
