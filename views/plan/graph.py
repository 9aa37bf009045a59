"""The graph of a plan: layers, direct arrows, the longest chain. Steps are positions in the plan."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from compiler.plan.plan import Plan


def _in_order(plan: Plan) -> Iterable[int]:
    """Each step after its predecessors."""
    return TopologicalSorter({position: step.after for position, step in enumerate(plan.steps)}).static_order()


def topological_layers(plan: Plan) -> list[int]:
    """For each step, how many steps must be done before it one after the other."""
    layers = [0] * len(plan.steps)
    for position in _in_order(plan):
        layers[position] = max((layers[earlier] + 1 for earlier in plan.steps[position].after), default=0)
    return layers


def longest_chain(plan: Plan) -> list[int]:
    """A longest path of steps that wait for each other."""
    layers = topological_layers(plan)
    chain = [layers.index(max(layers))] if layers else []
    while chain and layers[chain[-1]]:
        before = layers[chain[-1]] - 1
        chain.append(next(earlier for earlier in plan.steps[chain[-1]].after if layers[earlier] == before))
    return chain[::-1]


def direct_edges(plan: Plan) -> list[tuple[int, int]]:
    """(earlier, later), without edges that a longer path implies."""
    reachable = [0] * len(plan.steps)
    """For each step, the steps before it, as bits."""
    edges: list[tuple[int, int]] = []
    for position in _in_order(plan):
        predecessors = plan.steps[position].after
        implied = 0
        for earlier in predecessors:
            implied |= reachable[earlier]
        edges += [(earlier, position) for earlier in predecessors if not implied >> earlier & 1]
        reachable[position] = implied | sum(1 << earlier for earlier in predecessors)
    return sorted(edges)
