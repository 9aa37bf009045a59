"""Figures as benchmarks print them: a middle and its spread, never one number alone."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


def print_line(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def format_spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """`1.02 (0.97 … 1.10)`: the median, the least and the most."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f}{unit} ({least:.{digits}f} … {most:.{digits}f})"


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(fraction * (len(ordered) - 1)))]
