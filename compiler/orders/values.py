"""Values as an order may hold them: numbers that can be computed with, sound text, times with their zone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from compiler.cel.evaluation import INT64_RANGE
from compiler.source.document import MAX_NESTING_DEPTH
from compiler.source.findings import format_value


def describe_value(value: object) -> str:
    """What a value is, inside a message."""
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else format_value(value)


def normalize_number(value: int | float) -> int | float:
    """2.0 as 2: quantities without a fraction are integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def quantity_problem(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {describe_value(value)}"
    if value != value:
        return "is no number"
    if value_problem(value) or value_problem(normalize_number(value)):
        return "is too large to compute with"
    return f"is {format_value(value)}" if value <= 0 else ""


def parse_timestamp(value: Any) -> datetime:
    """A time with its zone; a date is its midnight, a time without a zone UTC. Raises ValueError."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    moment.astimezone(UTC)
    return moment


def value_problem(value: Any) -> str:
    """What makes a value one that nothing can compute with; empty where it is sound."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_NESTING_DEPTH:
            return f"is nested more than {MAX_NESTING_DEPTH} levels deep"
        if isinstance(one, Mapping):
            if not all(isinstance(name, str) for name in one):
                return "has a name that is no text"
            waiting += [(name, depth) for name in one]
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list | tuple):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, float):
            if not math.isfinite(one):
                return "must be a finite number"
        elif isinstance(one, int) and not isinstance(one, bool):
            if one not in INT64_RANGE:
                return "must be a whole number of at most 64 bits"
        elif isinstance(one, str):
            if not one.isascii() and one.encode("utf-8", "replace").decode() != one:
                return "holds half of a character (a lone surrogate)"
        elif one is not None and not isinstance(one, bool | date):
            return f"is a {type(one).__name__}, which an order cannot hold"
    return ""
