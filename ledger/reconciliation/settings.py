"""How much reconciliation may do, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

EVERY = "ORDO_LEDGER_RECONCILE_EVERY"
PACE = "ORDO_LEDGER_RECONCILE_PACE"
SHORTEST_INTERVAL = 1.0
"""Seconds; Temporal's schedules are no faster."""


class InvalidReconciliationSettings(Exception):
    """The message says which variable is wrong."""


@dataclass(frozen=True)
class ReconciliationSettings:
    interval: timedelta = timedelta(seconds=60)
    """From one run's start to the next one's."""
    requests_per_second: float = 20.0
    """Requests to Temporal about single orders, and queries of orders."""
    time_limit: timedelta = timedelta(seconds=50)
    """Of a run. What is left then is for the next one."""
    round_pause: timedelta = timedelta(minutes=10)
    """From the start of a round through all open orders to the next one's."""


def read_settings(environment: Mapping[str, str]) -> ReconciliationSettings:
    """Raises InvalidReconciliationSettings."""
    default = ReconciliationSettings()
    interval = _number(environment, EVERY, default.interval.total_seconds(), SHORTEST_INTERVAL, "seconds")
    pace = _number(environment, PACE, default.requests_per_second, 0.1, "requests a second")
    every = timedelta(seconds=interval)
    return ReconciliationSettings(every, pace, min(every * 5 / 6, default.time_limit), default.round_pause)


def _number(environment: Mapping[str, str], name: str, default: float, least: float, unit: str) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not least <= value < float("inf"):
        raise InvalidReconciliationSettings(f"{name} is `{text}`. It is a number of {unit}, at least {least:g}.")
    return value
