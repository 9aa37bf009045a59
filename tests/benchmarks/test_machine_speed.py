from __future__ import annotations

import pytest

from benchmarks.ledger.machine_speed import SpeedSample, ratio_at_equal_speed, speed_exponent

TEMPORAL_TIMES = (0.08, 0.13, 0.09, 0.10, 0.16), (0.12, 0.09, 0.15, 0.08, 0.11)


def _samples(times: tuple[float, ...], at_a_second: float) -> list[SpeedSample]:
    """Of a side that handles so many orders a second when Temporal needs a second for each."""
    return [SpeedSample(at_a_second * time**-0.8, time) for time in times]


def test_the_ratio_is_that_of_the_sides_whatever_the_speed_of_the_machine_was() -> None:
    base, ledger = _samples(TEMPORAL_TIMES[0], 1.0), _samples(TEMPORAL_TIMES[1], 0.96)
    exponent = speed_exponent([base, ledger])
    assert exponent == pytest.approx(-0.8)
    ratios = [ratio_at_equal_speed(one, other, exponent) for one, other in zip(ledger, base, strict=True)]
    assert ratios == pytest.approx([0.96] * 5)


def test_a_side_that_is_slower_in_all_rounds_does_not_change_what_the_speed_counts() -> None:
    """Its rounds are compared with each other, not with those of the other side."""
    slow = [SpeedSample(one.orders_per_second / 2, one.temporal_cpu_seconds) for one in _samples(TEMPORAL_TIMES[0], 1)]
    assert speed_exponent([_samples(TEMPORAL_TIMES[0], 1.0), slow]) == pytest.approx(-0.8)
