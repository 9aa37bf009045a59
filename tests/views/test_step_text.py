from __future__ import annotations

from views.plan.step_text import format_step_numbers


def test_long_runs_of_numbers_become_ranges() -> None:
    assert format_step_numbers([0, 1, 2, 4, 6, 7]) == "1–3, 5, 7, 8"
    assert format_step_numbers([]) == ""
