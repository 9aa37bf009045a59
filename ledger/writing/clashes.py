"""Ids that were accepted twice: the ledger was away when it should have refused the second order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from sqlalchemy import Connection, select

from ledger.schema.tables import clashes, order_ids
from ledger.schema.value_lists import IsOneOf
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.statements import insert_into
from ledger.writing.stored_orders import StoredOrder
from workflows.contract.states import OrderState

_known = order_ids.c
_ACCEPTED = select(_known.order_id, _known.first_at, _known.submission, _known.revision).where(
    IsOneOf(_known.order_id, "order_ids"), _known.accepted
)


@dataclass(frozen=True, order=True)
class IdUse:
    """An accepted order that used an id."""

    started_at: datetime
    submission: str
    revision: int


def find_clashes(uses: Iterable[IdUse]) -> list[tuple[IdUse, IdUse]]:
    """(earlier, later) of one id: an order clashes with an earlier one unless it is a later revision of it."""
    return [(one, other) for one, other in combinations(sorted(uses), 2) if other.revision <= one.revision]


def accepted_uses(
    connection: Connection, updates: Sequence[OrderUpdate], stored: Mapping[str, Sequence[StoredOrder]]
) -> dict[str, set[IdUse]]:
    """The uses of each id that a new order of this batch has, before the batch is written. Archived orders count."""
    new: dict[str, set[IdUse]] = defaultdict(set)
    for update in updates:
        if update.is_new and update.order.state is not OrderState.REJECTED:
            new[update.change.order_id].add(
                IdUse(update.order.started_at, update.change.submission, update.order.revision)
            )
    if not new:
        return {}
    for order_id, first_at, submission, revision in connection.execute(_ACCEPTED, {"order_ids": new.keys()}):
        rows = stored.get(order_id, ())
        if submission not in {order.submission for order in rows} | {use.submission for use in new[order_id]}:
            new[order_id].add(IdUse(first_at, submission, revision))
    for order_id, uses in new.items():
        uses |= {
            IdUse(order.started_at, order.submission, order.revision)
            for order in stored.get(order_id, ())
            if order.state != OrderState.REJECTED
        }
    return new


def record_clashes(connection: Connection, uses: Mapping[str, Iterable[IdUse]]) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "order_id": order_id,
            "earlier_submission": earlier.submission,
            "later_submission": later.submission,
            "found_at": now,
        }
        for order_id, of_id in sorted(uses.items())
        for earlier, later in find_clashes(of_id)
    ]
    if rows:
        connection.execute(insert_into(clashes, connection.dialect.name).on_conflict_do_nothing(), rows)
