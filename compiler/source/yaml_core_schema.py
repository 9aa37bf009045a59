"""The types of YAML 1.2's core schema: `true` and `false` are booleans; `NO`, `10:00` and `01067` are text."""

from __future__ import annotations

import re
from typing import Any

from compiler.cel.evaluation import INTEGERS

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
PLAIN_START = frozenset("0123456789+-.~nNtTfF")
"""Plain text that begins otherwise is text; spares most values the expressions below."""
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve_plain(text: str) -> Any:
    """What unquoted `text` is in YAML 1.2's core schema. Raises ValueError for a number that nothing can hold."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        number = int(text, 0) if len(text) < 70 else INTEGERS.stop
        if number not in INTEGERS:
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return number
    if _ENDLESS.fullmatch(text):
        raise ValueError(f"`{text}` is no number that can be computed with")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"`{text[:40]}` is too large for a number: quote it if it is text")
        return value
    return text
