"""Walks JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

JsonSchema = dict[str, Any]
_ONE = ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not")
_SEVERAL = ("anyOf", "oneOf", "allOf")
_NAMED = ("properties", "patternProperties", "$defs")


def subschemas(schema: JsonSchema) -> Iterator[JsonSchema]:
    """The schema and every schema in it, each before those in it. References (`$ref`) are not followed."""
    yield schema
    inner = [schema.get(word) for word in _ONE]
    inner += [one for word in _SEVERAL for one in schema.get(word, ())]
    inner += [one for word in _NAMED for one in schema.get(word, {}).values()]
    for one in inner:
        if isinstance(one, dict):
            yield from subschemas(one)
