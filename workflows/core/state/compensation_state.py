"""What of an order is being taken back: which steps, in which order, and whether the order as a whole is cancelled."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class CompensationState:
    """`workflows.core.compensation.undo_order` works with it. Steps are positions in the plan."""

    open_undos: dict[int, None] = field(default_factory=dict)
    """Steps whose undo is not over."""
    undo_queue: deque[int] = field(default_factory=deque)
    """Steps that nothing to be undone depends on any more."""
    open_follower_counts: dict[int, int] = field(default_factory=dict)
    """Steps that an open one depends on, or is → how many of their followers lead to an open one."""
    predecessors: Sequence[Sequence[int]] = ()
    """Of every step those that it came after, as `behind` was counted."""
    needs_sorting: bool = False
    """`behind` and `turns` are to be found anew: more is taken back than when they were."""
    stopping_count: int = 0
    """Steps whose last attempt is still under way."""
    order_cancelled: bool = False
    """The customer has cancelled the order."""
