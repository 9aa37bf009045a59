"""The order as submitted, after a reset has undone an amendment of it in a run that does not know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.schema.tables import amendments
from ledger.schema.value_lists import IsOneOf
from ledger.writing.order_updates import OrderUpdate
from workflows.contract.order_changes import AmendmentRecord

_columns = amendments.c
_SELECT = select(
    _columns.order_key, _columns.revision, _columns.at, _columns.by, _columns.reason, _columns.before, _columns.after
).where(IsOneOf(_columns.order_key, "order_keys"))


def submitted_at(revision: int, known: Mapping[int, AmendmentRecord]) -> dict[str, Any] | None:
    """The order as submitted or amended with this revision. `known`: amendments by their revisions. None: they do not
    tell it."""
    if (made := known.get(revision)) is not None:
        return made.after
    following = known.get(revision + 1)
    return following.before if following is not None else None


def restored_submitted(connection: Connection, updates: Sequence[OrderUpdate]) -> Mapping[int, dict[str, Any] | None]:
    """Order key → the order as submitted, for orders whose stored one is of an undone amendment. None: it is not known.
    The amendments must still be in the table."""
    revisions = {update.key: update.order.revision for update in updates if _has_undone_amendment(update)}
    if not revisions:
        return {}
    known: dict[int, dict[int, AmendmentRecord]] = defaultdict(dict)
    for order_key, *values in connection.execute(_SELECT, {"order_keys": revisions.keys()}):
        amendment = AmendmentRecord(*values)
        known[order_key][amendment.revision] = amendment
    return {key: submitted_at(revision, known[key]) for key, revision in revisions.items()}


def _has_undone_amendment(update: OrderUpdate) -> bool:
    """Whether the stored order was amended later, and the change does not tell the order as submitted before that."""
    if update.stored is None or not update.is_replacing or update.change.submitted is not None:
        return False
    return update.stored.revision > update.order.revision
