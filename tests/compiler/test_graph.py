"""Walks over graphs: every node once, in a stable order, however long the chain is."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from compiler.graph import depth_first_order, find_cycles, sort_by_levels, walk

DIAMOND = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
CHAIN_LENGTH = 50_000


def next_in_chain(node: int) -> list[int]:
    return [node + 1] if node < CHAIN_LENGTH else []


def test_walk_visits_each_node_once_depth_first() -> None:
    assert list(walk(["a"], DIAMOND.__getitem__)) == ["a", "b", "d", "c"]
    assert list(walk(["c", "a", "c"], DIAMOND.__getitem__)) == ["c", "d", "a", "b"]


def test_walk_ends_in_a_cycle() -> None:
    assert list(walk(["a"], {"a": ["b"], "b": ["a"]}.__getitem__)) == ["a", "b"]


def test_depth_first_order_puts_nodes_before_their_successors() -> None:
    assert depth_first_order(["b", "a"], DIAMOND.__getitem__) == ["a", "c", "b", "d"]


def test_sort_by_levels_sorts_nodes_that_become_free_together() -> None:
    assert sort_by_levels({"z": [], "b": ["z"], "a": ["z"], "0": ["a"]}) == ["z", "a", "b", "0"]
    with pytest.raises(CycleError):
        sort_by_levels({"a": ["b"], "b": ["a"]})


def test_find_cycles_reports_each_cycle_once() -> None:
    assert list(find_cycles({"b": ["a"], "a": ["b"], "c": ["d"], "d": ["c"]})) == [["a", "b"], ["c", "d"]]


def test_find_cycles_in_a_dense_graph_is_bounded() -> None:
    dense = {str(one): [str(other) for other in range(40)] for one in range(40)}
    assert len(list(find_cycles(dense))) <= 40


def test_long_chains_do_not_recurse() -> None:
    assert list(find_cycles({n: [n + 1] for n in range(CHAIN_LENGTH)})) == []
    assert len(list(walk([0], next_in_chain))) == CHAIN_LENGTH + 1
    assert depth_first_order([0], next_in_chain)[-1] == CHAIN_LENGTH
