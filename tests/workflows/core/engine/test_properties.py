"""What must hold of every order, whatever its plan, its failures and what people do: random orders driven to their end.

A failure names its seed: `Trial(seed).to_its_end()` does the same again. `ORDO_TRIALS=10000` drives more of them.
"""

from __future__ import annotations

import os

import pytest

from tests.support.core.random_order_trial import Trial

CHUNK = 100
TRIALS = int(os.environ.get("ORDO_TRIALS", "600"))


@pytest.mark.parametrize("first", range(0, TRIALS, CHUNK))
def test_a_random_order_ends_in_order_and_its_books_balance(first: int) -> None:
    """No step begins before its predecessors; none is undone before what depends on it; after a roll-back nothing
    stands but what is past a point of no return and what that needs; whatever it waits for shows; no forecast lies in
    the past; carried over it is the same; the effects in the world are those that the states tell of."""
    for seed in range(first, first + CHUNK):
        Trial(seed).run_to_end()


@pytest.mark.parametrize("first", range(0, TRIALS // 4, CHUNK))
def test_carried_over_at_every_moment_an_order_goes_on_as_if_it_had_not_been(first: int) -> None:
    for seed in range(first, first + CHUNK):
        once = Trial(seed, continues_as_new=False).run_to_end()
        often = Trial(seed, continues_as_new=False, always_continues_as_new=True).run_to_end()
        assert (often.log, often.states()) == (once.log, once.states()), f"seed {seed}"
