"""Who has to act on an order, in a few words, for a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.contract.order_summary import OrderSummary

if TYPE_CHECKING:
    from ledger.reading.order_lists.row_details import RowDetails

MAX_ACTORS = 2
"""A row names so many; the others are counted."""
ANYBODY = "a person"


@dataclass(frozen=True)
class Move:
    text: str
    """`field_force, ann +1`, `a person`, `goes on by itself`. Empty: the order has ended, or nobody knows."""
    is_for_people: bool


_UNKNOWN = Move("", is_for_people=False)
_BY_ITSELF = Move("goes on by itself", is_for_people=False)


def whose_move(order: OrderSummary, details: RowDetails | None) -> Move:
    """Those who hold the order come before the queues and people that its steps wait for."""
    if order.interrupted is not None:
        return Move(ANYBODY, is_for_people=True)
    if order.ended_at is not None or details is None:
        return _UNKNOWN
    actors = list(dict.fromkeys([*details.held_by, *(actor or ANYBODY for actor in details.actors)]))
    if not actors:
        return _BY_ITSELF
    more = len(actors) - MAX_ACTORS
    return Move(", ".join(actors[:MAX_ACTORS]) + (f" +{more}" if more > 0 else ""), is_for_people=True)
