"""The columns of a step, and those of them that an update under the same plan leaves as they are."""

from __future__ import annotations

from ledger.schema.tables import steps
from ledger.writing.step_rows import changed_step_row, step_row
from tests.support.ledger.rows import OF_THE_PLAN
from tests.support.ledger.simulated_orders import simulated_step


def test_only_what_a_plan_says_of_a_step_is_left_out_of_an_update() -> None:
    """The random orders of tests/workflows/core/change_records show that nothing else changes these fields."""
    step = simulated_step(1)
    assert step_row(7, step).keys() == set(steps.c.keys())
    left_out = step_row(7, step).keys() - changed_step_row(7, step).keys()
    assert {"id" if name == "step_id" else name for name in left_out} == set(OF_THE_PLAN)
