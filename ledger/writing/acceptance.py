"""Which changes apply. Pure.

A change says what is different since `previous`, in values that stand by themselves. So it applies to every state
between `previous` and its own position. Changes come late, twice, or not at all: a late one is left out, and one whose
predecessor is missing waits for a complete one.
"""

from __future__ import annotations

from enum import Enum, auto

from workflows.contract.order_changes import ChangePosition, OrderChange


class Acceptance(Enum):
    REPLACE = auto()
    """A complete change: the rows become what it says."""
    EXTEND = auto()
    """The rows that it has are written; the others stay."""
    LATE = auto()
    """The rows are newer."""
    MISSED = auto()
    """A change before this one is missing."""


def judge_change(change: OrderChange, stored: ChangePosition | None) -> Acceptance:
    """`stored`: the position of the order's rows; None if there are none."""
    if stored is not None and change.position < stored:
        return Acceptance.LATE
    if change.previous is None:
        return Acceptance.REPLACE
    if stored is None or stored < change.previous:
        return Acceptance.MISSED
    return Acceptance.EXTEND
