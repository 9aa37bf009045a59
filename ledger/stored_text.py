"""Text and JSON as databases take them."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json


def dump_json(value: Any) -> str:
    """JSON of plain values, pydantic models and times. What JSON lacks becomes null; what UTF-8 lacks becomes `?`."""
    try:
        return to_json(value, inf_nan_mode="null").decode()
    except ValueError:
        return to_json(_encodable(value), inf_nan_mode="null").decode()


def storable_text(text: str) -> str:
    """Without what PostgreSQL does not take in text: NUL, and halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_encodable(key): _encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
        case _:
            return value
