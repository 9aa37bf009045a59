"""Declarations of attributes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from views.diff.step_words import Quote, quoted_value

_LIMIT_WORDS = {"min_length": "shortest length", "max_length": "longest length"}


def key_words(path: Sequence[str]) -> str:
    """`shortest length` for `min_length`; else the keys as they are written."""
    return " ".join(_LIMIT_WORDS.get(part, part.replace("_", " ")) for part in path)


def declaration_words(declared: Mapping[str, Any], quote: Quote) -> str:
    """`integer, required, minimum 1`."""
    parts = [str(declared.get("type", "anything"))]
    for key, value in declared.items():
        if key == "required":
            parts.append("required")
        elif key == "enum":
            parts.append("one of " + ", ".join(quoted_value(one, quote) for one in value.values()))
        elif key not in ("type", "description"):
            parts.append(f"{key_words([key])} {quoted_value(value, quote)}")
    return ", ".join(parts)
