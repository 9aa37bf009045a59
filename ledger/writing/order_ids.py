"""The ids that orders have used, and those that two orders used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import combinations

from sqlalchemy import Connection, Insert, func

from ledger.schema.tables import clashes, order_ids
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.statements import Row, insert_into
from ledger.writing.stored_orders import StoredOrder
from workflows.contract.states import OrderState


def record_order_ids(connection: Connection, updates: Sequence[OrderUpdate]) -> None:
    """An id is accepted as soon as one order with it is. The digest is that of the latest accepted order."""
    accepted: list[Row] = []
    rejected: list[Row] = []
    for update in updates:
        if not update.is_current or not (update.is_new or update.change.digest or update.change.amendments):
            continue
        is_accepted = update.order.state is not OrderState.REJECTED
        row = {
            "order_id": update.change.order_id,
            "digest": update.change.digest,
            "submission": update.change.submission,
            "revision": update.order.revision,
            "accepted": is_accepted,
            "first_at": update.order.started_at,
        }
        (accepted if is_accepted else rejected).append(row)
    dialect = connection.dialect.name
    if accepted:
        connection.execute(_accept(dialect), accepted)
    if rejected:
        connection.execute(insert_into(order_ids, dialect).on_conflict_do_nothing(), rejected)


@cache
def _accept(dialect: str) -> Insert:
    statement = insert_into(order_ids, dialect)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["order_id"],
        set_={
            "digest": func.coalesce(new.digest, order_ids.c.digest),
            "submission": new.submission,
            "revision": new.revision,
            "accepted": new.accepted,
        },
    )


@dataclass(frozen=True, order=True)
class _Use:
    """An order that used an id."""

    started_at: datetime
    submission: str
    revision: int
    is_rejected: bool
    is_new: bool


def record_clashes(
    connection: Connection, updates: Sequence[OrderUpdate], stored: Mapping[str, Sequence[StoredOrder]]
) -> None:
    """An order clashes with an earlier one of its id that was accepted, unless it is a later revision of it."""
    now = datetime.now(UTC)
    rows = []
    for order_id in sorted({update.change.order_id for update in updates if update.is_new}):
        uses = sorted((*_new_uses(order_id, updates), *_stored_uses(stored.get(order_id, ()))))
        rows += [
            {
                "order_id": order_id,
                "earlier_submission": earlier.submission,
                "later_submission": later.submission,
                "found_at": now,
            }
            for earlier, later in combinations(uses, 2)
            if (earlier.is_new or later.is_new)
            and not (earlier.is_rejected or later.is_rejected)
            and later.revision <= earlier.revision
        ]
    if rows:
        connection.execute(insert_into(clashes, connection.dialect.name).on_conflict_do_nothing(), rows)


def _new_uses(order_id: str, updates: Sequence[OrderUpdate]) -> Iterator[_Use]:
    for update in updates:
        if update.is_new and update.change.order_id == order_id:
            order = update.order
            is_rejected = order.state is OrderState.REJECTED
            yield _Use(order.started_at, update.change.submission, order.revision, is_rejected, is_new=True)


def _stored_uses(orders: Sequence[StoredOrder]) -> Iterator[_Use]:
    for order in orders:
        is_rejected = order.state == OrderState.REJECTED
        yield _Use(order.started_at, order.submission, order.revision, is_rejected, is_new=False)
