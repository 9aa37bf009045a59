"""The variables of an activity's expressions, as JSON that keeps dates, date-times and durations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_DATETIME, _DATE, _DURATION = "\ue000datetime", "\ue000date", "\ue000duration"
_DECODERS: dict[str, Callable[[Any], Any]] = {
    _DATETIME: datetime.fromisoformat,
    _DATE: date.fromisoformat,
    _DURATION: lambda microseconds: timedelta(microseconds=microseconds),
}


def _encode(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _encode(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_encode(item) for item in value]
    if isinstance(value, datetime):
        return {_DATETIME: value.isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, timedelta):
        return {_DURATION: value // timedelta(microseconds=1)}
    return value


def _decode(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        if len(value) == 1:
            ((mark, inner),) = value.items()
            if mark in _DECODERS:
                return _DECODERS[mark](inner)
        return {key: _decode(item) for key, item in value.items()}
    return [_decode(item) for item in value] if kind is list else value


Bindings = Annotated[dict[str, Any], BeforeValidator(_decode), PlainSerializer(_encode)]
"""Name → value, as compiler.cel.evaluation expects them."""
