"""Orders that are no longer kept as they were, so that what arrives of them later does not bring them back."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from sqlalchemy import Connection, select

from ledger.schema.tables import archived_orders, erased_orders


class MovedAway(Enum):
    ARCHIVED = auto()
    """Its rows are in the archive. If the order runs again, they are written anew."""
    ERASED = auto()
    """Its personal data is gone, and stays gone."""


Submission = tuple[str, str]
"""An order's id, and the id of the first run of its workflow."""


def find_moved(connection: Connection, order_ids: Collection[str]) -> dict[Submission, MovedAway]:
    """The submissions of these orders that were archived or erased. One that was both counts as erased."""
    if not order_ids:
        return {}
    found: dict[Submission, MovedAway] = {}
    for table, kind in ((archived_orders, MovedAway.ARCHIVED), (erased_orders, MovedAway.ERASED)):
        query = select(table.c.order_id, table.c.submission).where(table.c.order_id.in_(sorted(order_ids)))
        found |= {(row.order_id, row.submission): kind for row in connection.execute(query)}
    return found
