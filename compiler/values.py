"""Plain values of orders and definitions: their limits, and how they are shown as text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

INT64_RANGE = range(-(2**63), 2**63)
"""The whole numbers that expressions can calculate with."""
MAX_NESTING_DEPTH = 64
"""Levels of lists and mappings in one document or value."""


def as_text(value: Any) -> str:
    """A value inside other text: `true`, `2` (also for 2.0), `2.5`, an ISO date or date-time, `90s`, a list as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            moment: datetime = value.astimezone(UTC)
        except OverflowError:
            moment = value
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return str(value.isoformat())
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.15g}s"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text, ensure_ascii=False)
    return str(value)


def format_value(value: object) -> str:
    """A value inside a message: short, as the person wrote it."""
    text = as_text(value) if value is not None else "nothing"
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


_NOT_LIKE_TEXT = re.compile(r"[-+]?\d+(?:\.\d+)?|true|false|null", re.IGNORECASE)


def describe_value(value: object) -> str:
    """A value inside a message; of mappings and lists only what they are."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str) and _NOT_LIKE_TEXT.fullmatch(value):
        return f"the text {format_value(value)}"
    return "a list" if isinstance(value, list | tuple) else format_value(value)


def normalize_number(value: int | float) -> int | float:
    """2.0 as 2: numbers without a fraction become integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def quantity_problem(value: Any) -> str:
    """What is wrong with a quantity, after "must be a number above 0, and"; empty if nothing is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"is {describe_value(value)}"
    if value != value:
        return "is not a number"
    if value_problem(value) or value_problem(normalize_number(value)):
        return "is too large to calculate with"
    return f"is {format_value(value)}" if value <= 0 else ""


def parse_timestamp(value: Any) -> datetime:
    """A time with a zone. A date means its midnight; a time without a zone is UTC. Raises ValueError."""
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
    """Why nothing can be calculated with the value; empty if it is valid."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_NESTING_DEPTH:
            return f"is nested more than {MAX_NESTING_DEPTH} levels deep"
        if isinstance(one, Mapping):
            if not all(isinstance(name, str) for name in one):
                return "has a name that is not text"
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
                return "contains half of a character (a lone surrogate)"
        elif one is not None and not isinstance(one, bool | date):
            return f"is a {type(one).__name__}, which an order cannot contain"
    return ""
