"""Reads orders and what belongs to them a batch at a time, so that an export of any size fits into memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from ledger.database import is_sqlite
from ledger.export.export_columns import CATALOGUE_VERSION, CHILDREN, ORDER_ID, child_columns, order_columns
from ledger.export.export_kinds import ExportTable
from ledger.reading.filters.order_criteria import CURRENT, OrderCriteria
from ledger.reading.filters.order_filter import OrderFilter
from ledger.schema.tables import catalogue_versions, order_documents, orders

BATCH = 500
"""Orders that are in memory at once."""
ExportRow = dict[str, Any]
_KEY, _OWNER = "export_key", "export_owner"


def nested_orders(connection: Connection, criteria: OrderFilter) -> Iterator[ExportRow]:
    """Each order with all that belongs to it in lists. Raises InvalidSearch."""
    for batch in _order_batches(connection, criteria):
        children = {name: _children(connection, name, batch) for name in CHILDREN}
        for order in map(_order, batch):
            yield order | {name: of_orders.get(order[ORDER_ID], []) for name, of_orders in children.items()}


def flat_rows(connection: Connection, criteria: OrderFilter, table: ExportTable) -> Iterator[ExportRow]:
    """Raises InvalidSearch."""
    for batch in _order_batches(connection, criteria):
        if table is ExportTable.ORDERS:
            yield from map(_order, batch)
            continue
        found = _children(connection, table.value, batch)
        for order_id in (row._mapping[ORDER_ID] for row in batch):
            yield from ({ORDER_ID: order_id, **child} for child in found.get(order_id, []))


def _order_batches(connection: Connection, criteria: OrderFilter) -> Iterator[Sequence[Row[Any]]]:
    """Current orders that fit, in the order in which the ledger learned of them. `limit` of the filter does not
    count."""
    conditions = [criterion.condition for criterion in OrderCriteria(criteria, is_sqlite(connection)).all()]
    source = orders.outerjoin(order_documents, order_documents.c.order_key == orders.c.key)
    source = source.outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
    columns = (orders.c.key.label(_KEY), *order_columns(), catalogue_versions.c.version.label(CATALOGUE_VERSION))
    query = select(*columns).select_from(source).where(CURRENT, *conditions).order_by(orders.c.key).limit(BATCH)
    last = 0
    while rows := connection.execute(query.where(orders.c.key > last)).all():
        yield rows
        last = int(rows[-1]._mapping[_KEY])


def _order(row: Row[Any]) -> ExportRow:
    return {name: value for name, value in row._mapping.items() if name != _KEY}


def _children(connection: Connection, name: str, batch: Sequence[Row[Any]]) -> dict[str, list[ExportRow]]:
    """By the order's id."""
    found: dict[str, list[ExportRow]] = defaultdict(list)
    ids = {row._mapping[_KEY]: row._mapping[ORDER_ID] for row in batch}
    began = {row._mapping[ORDER_ID]: row._mapping["started_at"] for row in batch}
    by_key = "order_key" in CHILDREN[name].c
    for row in connection.execute(_of_orders(name, list(ids) if by_key else list(began))):
        values = dict(row._mapping)
        owner = values.pop(_OWNER)
        order_id = ids[owner] if by_key else owner
        # Attempts go by the order's id alone: those before its start belong to an earlier order of this id.
        if by_key or values["started_at"] >= began[order_id]:
            found[order_id].append(values)
    return found


def _of_orders(name: str, owners: list[Any]) -> Select[Any]:
    table = CHILDREN[name]
    owner = table.c["order_key"] if "order_key" in table.c else table.c[ORDER_ID]
    columns = (owner.label(_OWNER), *child_columns(name))
    return select(*columns).where(owner.in_(owners)).order_by(*table.primary_key.columns)
