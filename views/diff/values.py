"""Values of definitions, short and in one line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.plan.to_json import to_json_value

MAX_LENGTH = 160
CONTEXT = 40
"""Characters before a difference in a long text."""


def value_text(value: Any) -> str:
    """`8`, `[outdoor, indoor]`, `round(let.price, 2)`. Texts are as they are written, in one line."""
    return _shorten(_text(value).replace("\n", "\\n"))


def value_texts(before: Any, after: Any) -> tuple[str, str]:
    """Both values as texts. Of long ones, the part in which they differ; as JSON if only their types differ."""
    texts = [_text(value).replace("\n", "\\n") for value in (before, after)]
    if texts[0] == texts[1]:
        texts = [json.dumps(plain_value(value), ensure_ascii=False) for value in (before, after)]
    if max(map(len, texts)) > MAX_LENGTH:
        start = max(_first_difference(*texts) - CONTEXT, 0)
        texts = [("…" if start else "") + text[start:] for text in texts]
    return _shorten(texts[0]), _shorten(texts[1])


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((position for position, (left, right) in pairs if left != right), min(len(one), len(other)))


def _shorten(text: str) -> str:
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
