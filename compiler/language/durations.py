"""Durations as people write them: `30s`, `90m`, `36h`, `2d 12h`, `2w`, or ISO 8601 (`PT30S`, `P3D`)."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

_SHORT_UNITS = ("w", "d", "h", "m", "s", "ms")
_SHORT_FORM = re.compile(
    "".join(f"(?:(?P<{unit}>[0-9]+(?:\\.[0-9]+)?){unit}(?: (?=[0-9])|(?=[0-9])|$))?" for unit in _SHORT_UNITS)
)
"""Each unit at most once, the largest first; with or without a space between two."""
_ISO_FORM = re.compile(
    r"P(?:(?P<weeks>#)W)?(?:(?P<days>#)D)?(?:T(?:(?P<hours>#)H)?(?:(?P<minutes>#)M)?(?:(?P<seconds>#)S)?)?".replace(
        "#", r"[0-9]+(?:\.[0-9]+)?"
    )
)
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_duration(text: object) -> timedelta:
    """`text` as a duration. Raises ValueError with a message for the person who wrote it."""
    if isinstance(text, timedelta):
        if text < timedelta(0):
            raise ValueError("a duration cannot be negative")
        return text
    if isinstance(text, str):
        return _parse_text(text)
    shown = "this" if isinstance(text, dict | list) else f"`{str(text)[:40]}`"
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f"{shown} of what? A duration needs a unit: {shown[1:-1]}s, {shown[1:-1]}m, {shown[1:-1]}h …")
    raise ValueError(f"{shown} {_NO_DURATION}")


_NO_DURATION = "is not a duration: write for example 30s, 90m, 36h, 2d 12h, 2w or PT30S"


@lru_cache(maxsize=10_000)
def _parse_text(text: str) -> timedelta:
    """A catalogue has the same few durations in thousands of places."""
    short = _SHORT_FORM.fullmatch(text)
    iso = _ISO_FORM.fullmatch(text)
    try:
        if text and short:
            return sum(
                (float(count) * _UNITS[unit] for unit, count in short.groupdict().items() if count), timedelta(0)
            )
        if iso and any(iso.groupdict().values()):
            return timedelta(**{unit: float(count) for unit, count in iso.groupdict().items() if count})
    except OverflowError as error:
        raise ValueError(f"`{text[:40]}` is longer than any duration can be") from error
    if text.strip().startswith("-"):
        raise ValueError(f"`{text[:40]}` is negative, and a duration cannot be")
    raise ValueError(f"`{text[:40]}` {_NO_DURATION}")


@lru_cache(maxsize=10_000)
def format_duration(duration: timedelta) -> str:
    """The shortest form that `parse_duration` can read: `36h`, `2d`, `90s`."""
    for unit in ("w", "d", "h", "m", "s"):
        if duration and duration % _UNITS[unit] == timedelta(0):
            return f"{duration // _UNITS[unit]}{unit}"
    return f"{duration.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


_SHORT_PATTERN = "".join(rf"([0-9]+(\.[0-9]+)?{unit} ?)?" for unit in _SHORT_UNITS)
_ISO_PATTERN = r"P(?=T?[0-9])([0-9.]+W)?([0-9.]+D)?(T([0-9.]+H)?([0-9.]+M)?([0-9.]+S)?)?"
_DURATION_PATTERN = rf"(?=[0-9]){_SHORT_PATTERN}|{_ISO_PATTERN}"
"""For editors. `parse_duration` decides."""
_DurationText = Annotated[str, Field(pattern=f"^({_DURATION_PATTERN})$", examples=["30s", "10m", "4h", "2d"])]
_DurationOrTemplateText = Annotated[
    str, Field(pattern=rf"^({_DURATION_PATTERN})$|\$\{{", examples=["30s", "10m", "4h", "2d"])
]

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=_DurationText),
    PlainSerializer(format_duration, return_type=str),
]
"""A non-negative duration, read and written in the forms above."""


def is_template(text: object) -> bool:
    return isinstance(text, str) and "${" in text


def _duration_or_template(value: object) -> object:
    return value if is_template(value) else parse_duration(value)


def _serialize_duration(value: timedelta | str) -> str:
    return value if isinstance(value, str) else format_duration(value)


DurationOrTemplate = Annotated[
    timedelta | str,
    BeforeValidator(_duration_or_template, json_schema_input_type=_DurationOrTemplateText),
    PlainSerializer(_serialize_duration, return_type=str),
]
"""A duration, or text with `${…}` whose value is a duration when the step is ready."""
