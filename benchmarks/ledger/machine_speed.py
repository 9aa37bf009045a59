"""Compares rounds as if the machine had been equally fast in each.

On a shared machine, all processes need up to one and a half times the processor time in some rounds. Temporal does the
same work for every order, so its processor time for an order tells how fast the machine was. A regression within the
rounds of each side (an analysis of covariance) tells how far the throughput depends on that.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class SpeedSample(NamedTuple):
    orders_per_second: float
    temporal_cpu_seconds: float
    """Per order."""


def speed_exponent(sides: Iterable[Sequence[SpeedSample]]) -> float:
    """The throughput of a side is proportional to Temporal's processor time to the power of this, which is negative."""
    times: list[float] = []
    rates: list[float] = []
    for samples in sides:
        times += _logarithms_around_mean([sample.temporal_cpu_seconds for sample in samples])
        rates += _logarithms_around_mean([sample.orders_per_second for sample in samples])
    return statistics.linear_regression(times, rates, proportional=True).slope


def _logarithms_around_mean(values: Sequence[float]) -> list[float]:
    logarithms = [math.log(value) for value in values]
    mean = statistics.fmean(logarithms)
    return [each - mean for each in logarithms]


def ratio_at_equal_speed(one: SpeedSample, base: SpeedSample, exponent: float) -> float:
    """The throughput of `one` against that of `base`."""
    slower = one.temporal_cpu_seconds / base.temporal_cpu_seconds
    return one.orders_per_second / base.orders_per_second / math.pow(slower, exponent)
