"""The ids that orders have used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Insert, func

from ledger.schema.tables import order_ids
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.rows import Row
from ledger.writing.statements import insert_into
from workflows.contract.states import OrderState


def record_order_ids(connection: Connection, updates: Sequence[OrderUpdate]) -> None:
    """An id is accepted as soon as one order with it is. The digest is that of the latest accepted order. An order that
    is not compiled yet may still be rejected, so it does not use its id up."""
    accepted: list[Row] = []
    rejected: list[Row] = []
    for update in updates:
        may_be_new = update.is_replacing or update.change.digest or update.change.amendments
        if not (may_be_new and update.is_current) or update.is_undecided:
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
