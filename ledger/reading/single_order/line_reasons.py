"""Why the lines of an order exist, as the worker that compiled the order found it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from activity_contract.line_reasons import LineReason
from ledger.schema.tables import line_reasons


def read_line_reasons(connection: Connection, key: int) -> list[LineReason]:
    """By line; of one line, in the order in which they were decided. Empty if the ledger does not have them yet."""
    query = select(line_reasons).where(line_reasons.c.order_key == key)
    return [
        LineReason(
            line_id=row.line_id,
            kind=row.kind,
            source=row.source,
            name=row.name,
            why=row.why,
            place=row.place,
            values=row._mapping["values"] or {},
            quantity=row.quantity,
            quantity_value=row.quantity_value,
        )
        for row in connection.execute(query.order_by(line_reasons.c.line_id, line_reasons.c.number))
    ]
