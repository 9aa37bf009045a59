"""Prints the figures of benchmarks: always a median with its spread, never one number alone."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


def print_line(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def format_spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """`1.02 (0.97 … 1.10)`: the median, the minimum and the maximum."""
    return f"{statistics.median(values):.{digits}f}{unit} ({min(values):.{digits}f} … {max(values):.{digits}f})"


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value that `fraction` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(fraction * (len(ordered) - 1)))]
