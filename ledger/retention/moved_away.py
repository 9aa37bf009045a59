"""Orders that are no longer kept as they were, so that what arrives of them later does not bring them back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, delete, func, literal, or_, select, union_all

from ledger.retention.stale_documents import StaleDocument, note_stale
from ledger.schema.tables import archived_orders, erased_orders
from ledger.schema.value_lists import IsOneOf
from workflows.contract.order_changes import OrderChange


class MovedAway(Enum):
    ARCHIVED = auto()
    """Its rows are in the archive. If the order is recovered, its new run writes them anew."""
    ERASED = auto()
    """Its personal data is gone, and stays gone."""


Submission = tuple[str, str]
"""An order's id, and the id of the first run of its workflow."""


def _submissions(table: Table, kind: MovedAway) -> Select[Any]:
    columns = table.c
    return select(columns.order_id, columns.submission, literal(kind.name)).where(
        IsOneOf(columns.order_id, "order_ids")
    )


_SELECT_MOVED = union_all(
    _submissions(archived_orders, MovedAway.ARCHIVED), _submissions(erased_orders, MovedAway.ERASED)
)
_SELECT_ERASED = (
    select(erased_orders.c.order_id, func.max(erased_orders.c.at).label("at"))
    .where(IsOneOf(erased_orders.c.order_id, "order_ids"))
    .group_by(erased_orders.c.order_id)
)
_PLACE = (archived_orders.c.order_id, archived_orders.c.submission, archived_orders.c.file)
_SELECT_ENDS = select(archived_orders.c.order_id, archived_orders.c.submission, archived_orders.c.ended_at).where(
    IsOneOf(archived_orders.c.order_id, "order_ids")
)


def find_moved(connection: Connection, order_ids: Collection[str]) -> dict[Submission, MovedAway]:
    """The submissions of these orders that were archived or erased. One that was both counts as erased."""
    if not order_ids:
        return {}
    found: dict[Submission, MovedAway] = {}
    for order_id, submission, kind in connection.execute(_SELECT_MOVED, {"order_ids": order_ids}):
        if found.get((order_id, submission)) is not MovedAway.ERASED:
            found[order_id, submission] = MovedAway[kind]
    return found


def find_erasure_times(connection: Connection, order_ids: Collection[str]) -> dict[str, datetime]:
    """Order id → when data of the order was erased last, for those of which it was."""
    if not order_ids:
        return {}
    return {row.order_id: row.at for row in connection.execute(_SELECT_ERASED, {"order_ids": order_ids})}


def without_moved(connection: Connection, changes: Mapping[Submission, OrderChange]) -> list[OrderChange]:
    """The changes that may be written. An archived order leaves the archive with the first complete change of a run
    that began after its end, because it was recovered. Another change of such a run applies to nothing, so its order
    sends a complete one. Those of earlier runs are late.

    The caller has locked the orders before: what is archived or erased later waits for its transaction.
    """
    moved = find_moved(connection, {order_id for order_id, _ in changes})
    if not moved:
        return list(changes.values())
    archived = [key for key, kind in moved.items() if kind is MovedAway.ARCHIVED and key in changes]
    recovered = _find_recovered(connection, {key: changes[key] for key in archived})
    if leaving := [key for key in recovered if changes[key].is_complete]:
        columns = archived_orders.c
        are_these = (and_(columns.order_id == order_id, columns.submission == each) for order_id, each in leaving)
        left = delete(archived_orders).where(or_(*are_these)).returning(*_PLACE)
        note_stale(connection, [StaleDocument(*row) for row in connection.execute(left)])
    return [change for key, change in changes.items() if key not in moved or key in recovered]


def _find_recovered(connection: Connection, changes: Mapping[Submission, OrderChange]) -> set[Submission]:
    """The archived submissions whose change is of a run that began after the end, or that had not ended."""
    if not changes:
        return set()
    found = connection.execute(_SELECT_ENDS, {"order_ids": {order_id for order_id, _ in changes}})
    ends = {(row.order_id, row.submission): row.ended_at for row in found}
    return {
        key
        for key, change in changes.items()
        if (ended_at := ends.get(key)) is None or change.position.run_started_at > ended_at.timestamp()
    }
