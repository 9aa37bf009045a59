"""What must hold of the changes that any order tells: random orders driven to their end, with a ledger beside them.

A failure names its seed: `ToldTrial(seed).run_to_end()` does the same again. `ORDO_TRIALS=10000` drives more of them.
"""

from __future__ import annotations

import os

import pytest

from tests.support.ledger.told_trial import ToldTrial
from workflows.core.engine import advance

CHUNK = 50
TRIALS = int(os.environ.get("ORDO_TRIALS", "600")) // 3


@pytest.mark.parametrize("first", range(0, TRIALS, CHUNK))
def test_after_every_turn_the_ledger_has_what_the_order_has(first: int) -> None:
    for seed in range(first, first + CHUNK):
        ToldTrial(seed).run_to_end()


@pytest.mark.parametrize("first", range(TRIALS, 2 * TRIALS, CHUNK))
def test_also_where_the_engine_pauses_after_each_step(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advance, "MAX_STEPS_PER_TASK", 1)
    for seed in range(first, first + CHUNK):
        ToldTrial(seed).run_to_end()
