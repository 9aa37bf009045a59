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
    """Steps whose undo may start: everything that depends on them is undone."""
    open_follower_counts: dict[int, int] = field(default_factory=dict)
    """For each step with an open undo, and for each step between two of them: how many of its followers lead to an
    open undo."""
    predecessors: Sequence[Sequence[int]] = ()
    """Of every step, as `open_follower_counts` was counted."""
    needs_sorting: bool = False
    """More steps are undone than when `open_follower_counts` and `undo_queue` were computed: compute them again."""
    stopping_count: int = 0
    """Steps to undo whose last attempt is still running."""
    rolled_back: set[int] = field(default_factory=set)
    """Steps that were to be undone because of a failure. Some of them may have been requested again since."""
    accepted_failures: dict[str, list[str]] = field(default_factory=dict)
    """Line → lines that it relies on, and that have failed: a person has let it continue all the same."""
    order_cancelled: bool = False
    """The customer has cancelled the order."""
