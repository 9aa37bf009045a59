"""What the ledger and the archive have of an order's id, and of a customer."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, exists, or_, select, text

from ledger.schema.tables import archived_orders, order_ids, orders

CURRENT, SUPERSEDED = text("orders.is_current"), text("NOT orders.is_current")
"""As in the indexes."""


def is_known_order(connection: Connection, order_id: str) -> bool:
    is_known = or_(*(exists().where(table.c.order_id == order_id) for table in (orders, archived_orders, order_ids)))
    return bool(connection.execute(select(is_known)).scalar_one())


def submissions_of_customer(connection: Connection, customer_id: str) -> Iterator[tuple[str, str]]:
    """(order id, submission) of each that was not erased."""
    for table, part in ((archived_orders, ()), (orders, (CURRENT,)), (orders, (SUPERSEDED,))):
        query = select(table.c.order_id, table.c.submission).where(table.c.customer_id == customer_id, *part)
        yield from ((row.order_id, row.submission) for row in connection.execute(query))
