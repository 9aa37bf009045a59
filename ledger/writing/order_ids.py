"""The ids that orders have used."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cache

from sqlalchemy import Connection, Insert, and_, case, func

from ledger.schema.tables import order_ids
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.rows import Row
from ledger.writing.statements import insert_into
from workflows.contract.states import OrderState


def record_order_ids(connection: Connection, updates: Sequence[OrderUpdate]) -> None:
    """The row of an id is about the latest submission that was accepted; if none was, about the latest that was
    rejected. Submissions may come in any order. An order that is not compiled yet may still be rejected, so it does not
    use its id up."""
    rows: dict[_Use, list[Row]] = {use: [] for use in _Use}
    for update in updates:
        may_be_new = update.is_replacing or update.change.digest or update.change.amendments
        if not may_be_new or update.is_undecided:
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
        rows[_Use((is_accepted, update.is_current))].append(row)
    for use, of_use in rows.items():
        if of_use:
            connection.execute(_recording(use, connection.dialect.name), of_use)


class _Use(Enum):
    """Whether the order was accepted, and whether it is the latest submission. Each takes the place of those before."""

    EARLIER_REJECTED = (False, False)
    REJECTED = (False, True)
    EARLIER_ACCEPTED = (True, False)
    ACCEPTED = (True, True)


@cache
def _recording(use: _Use, dialect: str) -> Insert:
    statement = insert_into(order_ids, dialect)
    if use is _Use.EARLIER_REJECTED:
        return statement.on_conflict_do_nothing()
    new, stored = statement.excluded, order_ids.c
    is_same_document = and_(stored.submission == new.submission, stored.revision == new.revision)
    return statement.on_conflict_do_update(
        index_elements=["order_id"],
        set_={
            "digest": case((is_same_document, func.coalesce(new.digest, stored.digest)), else_=new.digest),
            "submission": new.submission,
            "revision": new.revision,
            "accepted": new.accepted,
        },
        where=None if use is _Use.ACCEPTED else stored.accepted.is_(False),
    )
