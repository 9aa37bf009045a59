"""Ids that were accepted twice: the ledger was away when it should have refused the second order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from sqlalchemy import Connection, select

from ledger.schema.tables import clashes, order_ids, order_lines
from ledger.schema.value_lists import IsOneOf
from ledger.writing.order_updates import OrderUpdate
from ledger.writing.statements import insert_into
from ledger.writing.stored_orders import StoredOrder
from workflows.contract.states import OrderState

_known = order_ids.c
_ACCEPTED = select(_known.order_id, _known.first_at, _known.submission, _known.revision).where(
    IsOneOf(_known.order_id, "order_ids"), _known.accepted
)


_WITH_LINES = select(order_lines.c.order_key).where(
    IsOneOf(order_lines.c.order_key, "order_keys"), order_lines.c.number == 1
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
    """The uses of each id that this batch accepts an order with, before the batch is written. Archived orders count.
    An order without lines is not compiled yet, and may still be rejected."""
    deciding = [each for each in updates if each.change.lines and each.order.state is not OrderState.REJECTED]
    compiled = _compiled(connection, (order for each in deciding for order in stored.get(each.change.order_id, ())))
    new: dict[str, set[IdUse]] = defaultdict(set)
    for update in deciding:
        if update.stored is None or update.stored.key not in compiled:
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
            if order.key in compiled and order.state != OrderState.REJECTED
        }
    return new


def _compiled(connection: Connection, stored: Iterable[StoredOrder]) -> set[int]:
    """The keys of those that have lines."""
    keys = {order.key for order in stored}
    return set(connection.execute(_WITH_LINES, {"order_keys": keys}).scalars()) if keys else set()


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
