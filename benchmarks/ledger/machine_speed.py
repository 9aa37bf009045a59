"""Compares rounds as if the machine had been equally fast in each.

A shared machine is half as fast again in one round as in the next. Temporal does the same work for every order, so the
processor time that it needs for one says how fast the machine was. How far the throughput depends on that is the slope
of a regression within the rounds of each side, as in an analysis of covariance.
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
