"""Orders whose lines have no reasons: the worker that compiled their plan was killed before it told them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, select

from activity_contract.line_reasons import LineReason
from ledger.schema.tables import catalogue_versions, line_reasons, order_documents, order_lines, orders
from ledger.writing.order_rows import reason_rows
from ledger.writing.statements import add


class Unreasoned(NamedTuple):
    order_key: int
    version: str
    """Of the catalogue."""
    submitted: dict[str, Any]


def load_unreasoned(connection: Connection, order_ids: Collection[str]) -> Sequence[Unreasoned]:
    """Of these orders, those with a fulfilment line that nothing explains."""
    has_reason = exists().where(
        line_reasons.c.order_key == order_lines.c.order_key, line_reasons.c.line_id == order_lines.c.line_id
    )
    has_bare_line = exists().where(
        order_lines.c.order_key == orders.c.key, order_lines.c.fulfilment, ~has_reason.correlate(order_lines)
    )
    query = (
        select(orders.c.key, catalogue_versions.c.version, order_documents.c.submitted)
        .join(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
        .join(order_documents, order_documents.c.order_key == orders.c.key)
        .where(orders.c.order_id.in_(sorted(order_ids)), order_documents.c.submitted.is_not(None), has_bare_line)
    )
    return [Unreasoned(*row) for row in connection.execute(query)]


def add_reasons(connection: Connection, order: Unreasoned, reasons: Sequence[LineReason]) -> None:
    """What is there stays. Nothing is added if the order was amended, archived or erased meanwhile."""
    key = order.order_key
    locked = connection.execute(select(orders.c.key).where(orders.c.key == key).with_for_update()).first()
    submitted = select(order_documents.c.submitted).where(order_documents.c.order_key == key)
    if locked is not None and connection.execute(submitted).scalar() == order.submitted:
        add(connection, line_reasons, reason_rows(key, reasons))
