"""Values of definitions, short and in one line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.plan.to_json import to_json_value

MAX_LENGTH = 160


def value_text(value: Any) -> str:
    """`8`, `{outdoor, indoor}`, `round(let.price, 2)`. Texts are as they are written."""
    text = _text(value)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return value if isinstance(value, str) else "nothing" if value is None else str(value)


def plain_value(value: Any) -> Any:
    """The value for JSON: durations as text."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return json.loads(json.dumps(to_json_value(value), default=str))
