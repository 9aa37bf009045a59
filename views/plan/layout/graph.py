"""Layers and direct arrows of a graph. Nodes are positions; `after` has the predecessors of each."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.graph import invert_edges, topological_order

Predecessors = Sequence[Sequence[int]]


def sorted_positions(after: Predecessors) -> list[int]:
    """Each position after its predecessors."""
    return topological_order(after, invert_edges(after))


def topological_layers(after: Predecessors) -> list[int]:
    """For each node, how many must be done before it one after the other."""
    layers = [0] * len(after)
    for position in sorted_positions(after):
        layers[position] = max((layers[earlier] + 1 for earlier in after[position]), default=0)
    return layers


def direct_edges(after: Predecessors) -> list[tuple[int, int]]:
    """(earlier, later), without edges that a longer path implies."""
    reachable = [0] * len(after)
    """For each node, those before it, as bits."""
    edges: list[tuple[int, int]] = []
    for position in sorted_positions(after):
        predecessors = after[position]
        implied = 0
        for earlier in predecessors:
            implied |= reachable[earlier]
        edges += [(earlier, position) for earlier in predecessors if not implied >> earlier & 1]
        reachable[position] = implied
        for earlier in predecessors:
            reachable[position] |= 1 << earlier
    return sorted(edges)
