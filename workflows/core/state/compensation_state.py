"""Which steps of an order are being undone, in which order, and whether the order is cancelled."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class CompensationState:
    """`workflows.core.compensation.undo_order` maintains it. Steps are positions in the plan."""

    open_undos: dict[int, None] = field(default_factory=dict)
    """Steps whose undo has not ended."""
    undo_queue: deque[int] = field(default_factory=deque)
    """Steps whose undo may start, because every step that depends on them has been undone."""
    open_follower_counts: dict[int, int] = field(default_factory=dict)
    """How many followers of a step lead to an open undo. The steps with an open undo have an entry, and so do the steps
    between them."""
    predecessors: Sequence[Sequence[int]] = ()
    """The predecessors of every step at the time when `open_follower_counts` was computed."""
    needs_sorting: bool = False
    """More undos were requested, so `open_follower_counts` and `undo_queue` are out of date: compute them again."""
    stopping_count: int = 0
    """How many steps wait for their last attempt to end before they can be undone."""
    rolled_back: set[int] = field(default_factory=set)
    """Steps whose undo was requested because something failed. Some of these steps may be wanted again by now."""
    accepted_failures: dict[str, list[str]] = field(default_factory=dict)
    """Line → failed lines that it relies on. A person has decided that the line continues anyway."""
    order_cancelled: bool = False
    """The customer has cancelled the order."""
