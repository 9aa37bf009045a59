"""Swaps neighbouring lanes as long as fewer arrows cross, without turning arrows upwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Edge = tuple[int, int]
MAX_EDGES = 150
"""With more arrows the search takes too long, and single crossings cannot be seen any more."""
MAX_ROUNDS = 12
UPWARD_COST, LENGTH_COST = 2.5, 0.1
"""What an arrow that goes up, and each lane that an arrow passes, cost beside a crossing, which costs 1."""


def swap_lanes(
    order: Sequence[int], lanes: Sequence[int], columns: Sequence[int], edges: Sequence[Edge], groups: Sequence[int]
) -> list[int]:
    """The order with neighbours of one group swapped where that makes the picture simpler."""
    best = list(order)
    if len(edges) > MAX_EDGES:
        return best
    cost = picture_cost(best, lanes, columns, edges)
    for _ in range(MAX_ROUNDS):
        is_better = False
        for at, (upper, lower) in enumerate(pairwise(list(best))):
            if groups[upper] != groups[lower] or best[at] != upper:
                continue
            tried = [*best[:at], lower, upper, *best[at + 2 :]]
            tried_cost = picture_cost(tried, lanes, columns, edges)
            if tried_cost < cost:
                best, cost, is_better = tried, tried_cost, True
        if not is_better:
            break
    return best


def picture_cost(order: Sequence[int], lanes: Sequence[int], columns: Sequence[int], edges: Sequence[Edge]) -> float:
    """Crossings, as they would be if each arrow turned right behind its source; and the ways up and down."""
    rank = {lane: at for at, lane in enumerate(order)}
    cost = 0.0
    upright: list[tuple[int, int, int, Edge]] = []
    """The column behind which an arrow goes up or down, and the lanes between which it does."""
    level: list[tuple[int, int, int, Edge]] = []
    """The lane on which an arrow passes columns, the first and the last of them."""
    for edge in edges:
        (source, target), here, there = edge, rank[lanes[edge[0]]], rank[lanes[edge[1]]]
        if here != there:
            upright.append((columns[source], min(here, there), max(here, there), edge))
            cost += LENGTH_COST * abs(there - here) + (UPWARD_COST if there < here else 0.0)
        level.append((there, columns[source], columns[target], edge))
    for column, upper, lower, (source, target) in upright:
        for lane, first, last, (other_source, other_target) in level:
            if upper < lane < lower and first <= column < last and source != other_source and target != other_target:
                cost += 1
    return cost
