"""Orders that are no longer kept as they were, so that what arrives of them later does not bring them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

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


@dataclass(frozen=True)
class WritableChanges:
    changes: list[OrderChange]
    archived: Mapping[str, Mapping[str, datetime]]
    """Order id → archived submission → when it began."""


def _submissions(table: Table, kind: MovedAway, *times: ColumnElement[Any]) -> Select[Any]:
    columns = (table.c.order_id, table.c.submission, literal(kind.name).label("kind"), *times)
    return select(*columns).where(IsOneOf(table.c.order_id, "order_ids"))


_SELECT_MOVED = union_all(
    _submissions(archived_orders, MovedAway.ARCHIVED, archived_orders.c.started_at, archived_orders.c.ended_at),
    _submissions(erased_orders, MovedAway.ERASED, null(), null()),
)
_SELECT_ERASED = (
    select(erased_orders.c.order_id, func.max(erased_orders.c.at).label("at"))
    .where(IsOneOf(erased_orders.c.order_id, "order_ids"))
    .group_by(erased_orders.c.order_id)
)
_PLACE = (archived_orders.c.order_id, archived_orders.c.submission, archived_orders.c.file)


def find_moved(connection: Connection, order_ids: Collection[str]) -> dict[Submission, MovedAway]:
    """The submissions of these orders that were archived or erased. One that was both counts as erased."""
    if not order_ids:
        return {}
    return _kinds(connection.execute(_SELECT_MOVED, {"order_ids": order_ids}))


def _kinds(rows: Iterable[Row[Any]]) -> dict[Submission, MovedAway]:
    found: dict[Submission, MovedAway] = {}
    for row in rows:
        if found.get((row.order_id, row.submission)) is not MovedAway.ERASED:
            found[row.order_id, row.submission] = MovedAway[row.kind]
    return found


def find_erasure_times(connection: Connection, order_ids: Collection[str]) -> dict[str, datetime]:
    """Order id → when data of the order was erased last, for those of which it was."""
    if not order_ids:
        return {}
    return {row.order_id: row.at for row in connection.execute(_SELECT_ERASED, {"order_ids": order_ids})}


def without_moved(connection: Connection, changes: Mapping[Submission, OrderChange]) -> WritableChanges:
    """The changes that may be written. An archived order leaves the archive with the first complete change of a run
    that began after its end, because it was recovered. Another change of such a run applies to nothing, so its order
    sends a complete one. Those of earlier runs are late.

    The caller has locked the orders before: what is archived or erased later waits for its transaction.
    """
    if not changes:
        return WritableChanges([], {})
    rows = connection.execute(_SELECT_MOVED, {"order_ids": {order_id for order_id, _ in changes}}).all()
    moved = _kinds(rows)
    archived = [row for row in rows if row.kind == MovedAway.ARCHIVED.name]
    recovered = {
        key
        for row in archived
        if moved[key := (row.order_id, row.submission)] is MovedAway.ARCHIVED
        and key in changes
        and _is_of_later_run(changes[key], row.ended_at)
    }
    if leaving := [key for key in recovered if changes[key].is_complete]:
        columns = archived_orders.c
        are_these = (and_(columns.order_id == order_id, columns.submission == each) for order_id, each in leaving)
        left = delete(archived_orders).where(or_(*are_these)).returning(*_PLACE)
        note_stale(connection, [StaleDocument(*row) for row in connection.execute(left)])
    started: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in archived:
        started[row.order_id][row.submission] = row.started_at
    return WritableChanges([change for key, change in changes.items() if key not in moved or key in recovered], started)


def _is_of_later_run(change: OrderChange, ended_at: datetime | None) -> bool:
    """Also if the order had not ended: then it went on, although a later submission was archived."""
    return ended_at is None or change.position.run_started_at > ended_at.timestamp()
