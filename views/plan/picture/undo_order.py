"""In which order steps are undone: the reverse of the order in which they run."""

from __future__ import annotations

from collections.abc import Collection

from views.plan.layout.graph import Predecessors, sorted_positions


def undo_ranks(after: Predecessors, undoable: Collection[int]) -> list[int]:
    """1 for what is undone first, 0 for what has no undo. A step is undone when all that came after it is undone."""
    below = [0] * len(after)
    """For each box, the highest rank of what comes after it."""
    ranks = [0] * len(after)
    for box in reversed(sorted_positions(after)):
        if box in undoable:
            ranks[box] = below[box] + 1
        reached = max(below[box], ranks[box])
        for earlier in after[box]:
            below[earlier] = max(below[earlier], reached)
    return ranks
