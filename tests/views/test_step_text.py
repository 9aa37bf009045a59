from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.views.shipped_plans import of_arrows
from views.plan.graph import direct_edges, longest_chain, topological_layers
from views.plan.step_text import format_step_numbers

ARROWS = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        *(st.frozensets(st.integers(0, at - 1)) if at else st.just(frozenset()) for at in range(size))
    )
)


def reachable(arrows: list[tuple[int, int]], size: int) -> list[set[int]]:
    before: list[set[int]] = [set() for _ in range(size)]
    for earlier, later in sorted(arrows, key=lambda arrow: arrow[1]):
        before[later] |= {earlier} | before[earlier]
    return before


@given(ARROWS)
def test_omitted_edges_are_implied_by_drawn_ones(after: tuple[frozenset[int], ...]) -> None:
    drawn = direct_edges(of_arrows([sorted(each) for each in after]))
    everything = [(earlier, later) for later, each in enumerate(after) for earlier in each]
    assert reachable(drawn, len(after)) == reachable(everything, len(after))
    assert set(drawn) <= set(everything)


@given(ARROWS)
def test_layer_is_higher_than_those_of_predecessors(after: tuple[frozenset[int], ...]) -> None:
    column = topological_layers(of_arrows([sorted(each) for each in after]))
    assert all(column[later] > column[earlier] for later, each in enumerate(after) for earlier in each)


@given(ARROWS)
def test_longest_chain_is_a_path_and_none_is_longer(after: tuple[frozenset[int], ...]) -> None:
    plan = of_arrows([sorted(each) for each in after])
    chain = longest_chain(plan)
    assert all(earlier in after[later] for earlier, later in itertools.pairwise(chain))
    assert len(chain) == max(topological_layers(plan)) + 1


def test_implied_edge_is_not_drawn() -> None:
    assert direct_edges(of_arrows([[], [0], [0, 1]])) == [(0, 1), (1, 2)]


def test_long_runs_of_numbers_become_ranges() -> None:
    assert format_step_numbers([0, 1, 2, 4, 6, 7]) == "1–3, 5, 7, 8"
    assert format_step_numbers([]) == ""
