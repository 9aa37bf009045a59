"""What a row of the list of orders shows beside its summary: names of products, the forecast, and who has to act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ledger.schema.tables import order_documents, order_lines, orders, work_items
from ledger.schema.value_lists import IsOneOf

MAX_LINES_READ = 20
"""Of an order: the list names few products."""


@dataclass(frozen=True)
class RowDetails:
    forecast: datetime | None
    product_names: Mapping[str, str]
    """Id → name, of the products of the first order lines."""
    actors: Sequence[str | None]
    """The holders of the open tasks and of the steps in fallout, else their queues; None: they have no queue. Each
    once, those of fallout first."""
    held_by: Sequence[str]
    """Who holds the order or a part of it, each once."""


def read_row_details(connection: Connection, order_ids: Collection[str]) -> dict[str, RowDetails]:
    """By order id. Orders that the ledger does not have are missing."""
    documents = orders.outerjoin(order_documents, order_documents.c.order_key == orders.c.key)
    wanted = IsOneOf(orders.c.order_id, "order_ids") & orders.c.is_current
    query = select(orders.c.key, orders.c.order_id, orders.c.forecast, order_documents.c.held)
    rows = connection.execute(query.select_from(documents).where(wanted), {"order_ids": list(order_ids)}).all()
    keys = [row.key for row in rows]
    names, actors = _product_names(connection, keys), _actors(connection, keys)
    return {
        row.order_id: RowDetails(
            forecast=row.forecast,
            product_names=names.get(row.key, {}),
            actors=actors.get(row.key, ()),
            held_by=tuple(dict.fromkeys(hold["by"] for hold in row.held or ())),
        )
        for row in rows
    }


def _product_names(connection: Connection, keys: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    at = order_lines.c
    first = IsOneOf(at.order_key, "keys") & (at.number <= MAX_LINES_READ) & at.fulfilment.is_(False)
    query = select(at.order_key, at.product, at.name).where(first)
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(query, {"keys": keys}):
        found[row.order_key][row.product] = row.name
    return found


def _actors(connection: Connection, keys: Sequence[int]) -> Mapping[int, Sequence[str | None]]:
    """Fallout comes before tasks."""
    at = work_items.c
    query = select(at.order_key, at.kind, at.queue, at.holder).where(IsOneOf(at.order_key, "keys")).distinct()
    found: dict[int, dict[str | None, None]] = defaultdict(dict)
    for row in connection.execute(query.order_by(at.kind, at.queue, at.holder), {"keys": keys}):
        found[row.order_key][row.holder or row.queue] = None
    return {key: tuple(actors) for key, actors in found.items()}
