"""`application/x-www-form-urlencoded` as a mapping of names to texts; a repeated name is a list."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from compiler.values import as_text

MAX_FIELDS = 10_000


def encode_form(body: Any) -> str:
    """Leaves out fields that are null. Raises ValueError for nested data."""
    if not isinstance(body, dict):
        raise ValueError("a form must be a mapping of its fields")
    pairs = []
    for name, value in body.items():
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise ValueError(f"the field `{name[:100]}` of a form must be one value, or a list of values")
        pairs += [(name, as_text(item)) for item in items if item is not None]
    return urlencode(pairs)


def parse_form(text: str) -> dict[str, Any]:
    """Raises ValueError if `text` is not a form."""
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text.strip(), keep_blank_values=True, strict_parsing=True, max_num_fields=MAX_FIELDS):
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields
