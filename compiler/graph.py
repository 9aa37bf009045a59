"""Walks over graphs of products, lines and steps. All are iterative: chains can be longer than Python's stack."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def walk(starts: Iterable[N], successors: Callable[[N], Iterable[N]]) -> Iterator[N]:
    """Yields `starts` and every node that can be reached from them. Each node comes once, depth first."""
    visited: set[N] = set()
    waiting = [*starts][::-1]
    while waiting:
        node = waiting.pop()
        if node not in visited:
            visited.add(node)
            yield node
            waiting += [*successors(node)][::-1]


def reachable(starts: Iterable[int], edges: Sequence[Sequence[int]]) -> set[int]:
    """These positions, and all that the edges lead to from them."""
    return set(walk(starts, edges.__getitem__))


def invert_edges(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Turns every edge around. For example, it turns a list of predecessors into a list of followers."""
    inverted: list[list[int]] = [[] for _ in edges]
    for position, targets in enumerate(edges):
        for target in targets:
            inverted[target].append(position)
    return inverted


def topological_order(predecessors: Sequence[Sequence[int]], followers: Sequence[Sequence[int]]) -> list[int]:
    """Every position after its predecessors, first those without any. The graph must have no cycle."""
    open_counts = [len(positions) for positions in predecessors]
    order = [position for position, count in enumerate(open_counts) if not count]
    for position in order:
        for follower in followers[position]:
            open_counts[follower] -= 1
            if not open_counts[follower]:
                order.append(follower)
    return order


def depth_first_order(starts: Iterable[N], successors: Callable[[N], Iterable[N]]) -> list[N]:
    """Every node that can be reached from `starts`, each before its successors. The graph must have no cycle."""
    postorder: list[N] = []
    visited: set[N] = set()
    for start in starts:
        if start in visited:
            continue
        visited.add(start)
        path = [(start, iter(successors(start)))]
        while path:
            node, remaining = path[-1]
            following = next(remaining, None)
            if following is None:
                postorder.append(node)
                path.pop()
            elif following not in visited:
                visited.add(following)
                path.append((following, iter(successors(following))))
    return postorder[::-1]


def sort_by_levels(predecessors: Mapping[str, Collection[str]]) -> list[str]:
    """Every node after its predecessors; nodes that become free together are sorted.

    Raises graphlib.CycleError.
    """
    if _is_chain(predecessors):
        return [*predecessors]
    open_counts: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for node, before in predecessors.items():
        awaited = set(before)
        open_counts[node] = len(awaited)
        for one in awaited:
            followers.setdefault(one, []).append(node)
    ordered: list[str] = []
    unlisted = followers.keys() - open_counts.keys()
    level = [*unlisted, *(node for node, count in open_counts.items() if not count)]
    while level:
        level.sort()
        ordered += level
        freed = []
        for node in level:
            for follower in followers.get(node, ()):
                open_counts[follower] -= 1
                if not open_counts[follower]:
                    freed.append(follower)
        level = freed
    if len(ordered) < len(open_counts) + len(unlisted):
        raise CycleError
    return ordered


def _is_chain(predecessors: Mapping[str, Collection[str]]) -> bool:
    """Whether each node has the one before it as its only predecessor, as in most workstreams."""
    expected: list[str] = []
    for node, before in predecessors.items():
        if [*before] != expected:
            return False
        expected = [node]
    return True


def find_cycles(graph: Mapping[N, Sequence[N]]) -> Iterator[list[N]]:
    """Yields cycles of the graph. A cycle starts at its smallest node, and has a node that no earlier cycle has."""
    done: set[N] = set()
    reported: set[N] = set()
    for start, targets in graph.items():
        if start in done or not targets:
            continue
        path: list[N] = [start]
        on_path = {start: 0}
        branches = [iter(targets)]
        while path:
            following = next(branches[-1], None)
            if following is None:
                branches.pop()
                left = path.pop()
                del on_path[left]
                done.add(left)
            elif following in on_path:
                cycle = path[on_path[following] :]
                if not reported.issuperset(cycle):
                    reported.update(cycle)
                    least = cycle.index(min(cycle, key=str))
                    yield cycle[least:] + cycle[:least]
            elif following not in done and following in graph:
                on_path[following] = len(path)
                path.append(following)
                branches.append(iter(graph[following]))
