"""The types of YAML 1.2's core schema: `true` and `false` are booleans; `NO`, `10:00` and `01067` are text."""

from __future__ import annotations

import re
from typing import Any

from compiler.values import INT64_RANGE

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NON_TEXT_FIRST_CHARS = frozenset("0123456789+-.~nNtTfF")
"""Plain text with another first character is always text. Saves matching the patterns below for most values."""
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NON_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve_plain_scalar(text: str) -> Any:
    """The value of unquoted `text` in YAML 1.2's core schema. Raises ValueError for a number that is too large."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text) or _OCTAL_OR_HEX.fullmatch(text):
        number = int(text, 0) if len(text) < 70 else INT64_RANGE.stop
        if number not in INT64_RANGE:
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return number
    if _NON_FINITE.fullmatch(text):
        raise ValueError(f"`{text}` is not a number that can be calculated with")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return value
    return text
