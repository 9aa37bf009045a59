"""Text and JSON as databases take them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json


def dump_json(value: Any) -> str:
    """JSON of plain values, pydantic models and times. What JSON lacks becomes null; what UTF-8 lacks, `?`."""
    try:
        return to_json(value, inf_nan_mode="null").decode()
    except ValueError:
        return to_json(storable(value), inf_nan_mode="null").decode()


def storable(value: Any) -> Any:
    """A JSON value without what PostgreSQL does not take in texts: NUL, and halves of surrogate pairs."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        case dict():
            return {storable(key): storable(each) for key, each in value.items()}
        case list() | tuple():
            return [storable(each) for each in value]
        case BaseModel():
            return storable(value.model_dump(mode="json"))
        case _:
            return value
