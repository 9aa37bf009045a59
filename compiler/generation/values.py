"""Values at the limits of what an attribute declares. All of them are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from rstr import Rstr

from compiler.language.attributes import Attribute, AttributeType, validate_value

_TIMES = {AttributeType.DATE: "2026-06-15", AttributeType.DATETIME: "2026-06-15T12:00:00Z"}
PATTERN_SAMPLES = 8
"""Texts that are made for a pattern; those that break another constraint are left out."""


def boundary_values(attribute: Attribute, known: Iterable[Any] = ()) -> list[Any]:
    """Each value of an enum, both booleans, the limits of numbers and lengths, empty and full lists; each once.

    `known`: values that are tried as well, such as those of real orders. Empty if none is found that fits, for example
    because of a `pattern` that Python does not know.
    """
    candidates = [*known, *(attribute.enum if attribute.enum is not None else _typical_values(attribute))]
    if attribute.default is not None:
        candidates.insert(0, attribute.default)
    valid: dict[str, Any] = {}
    for value in candidates:
        if not validate_value(attribute, value)[1]:
            one = int(value) if attribute.type is AttributeType.INTEGER else value
            valid.setdefault(repr(one), one)
    return list(valid.values())


def _typical_values(attribute: Attribute) -> Iterator[Any]:
    if attribute.type in (AttributeType.INTEGER, AttributeType.NUMBER):
        low = attribute.minimum if attribute.minimum is not None else min(0.0, attribute.maximum or 0.0)
        high = attribute.maximum if attribute.maximum is not None else low + 3
        yield from (low + 1, low, high - 1, high)
    elif attribute.type is AttributeType.BOOLEAN:
        yield from (False, True)
    elif attribute.type is AttributeType.STRING:
        yield from _texts(attribute)
    elif attribute.type is AttributeType.LIST:
        items = boundary_values(attribute.items) if attribute.items else ["a", "b"]
        least, most = attribute.min_length or 0, attribute.max_length
        yield from ([], items[:1], items[: most or 2])
        if items:
            yield from (_repeat(items, count) for count in (least, most) if count)
    elif attribute.type is AttributeType.OBJECT:
        yield from _objects(attribute)
    else:
        yield _TIMES[attribute.type]


def _repeat(items: list[Any], count: int) -> list[Any]:
    return [items[at % len(items)] for at in range(count)]


def _texts(attribute: Attribute) -> Iterator[str]:
    least, most = attribute.min_length or 0, attribute.max_length
    if attribute.pattern is not None:
        yield from _matching_texts(attribute.pattern)
        return
    for length in (least or 1, least, 5, most if most is not None else 6):
        yield from (text * length for text in ("a", "1"))


def _matching_texts(pattern: str) -> Iterator[str]:
    """Texts that match the pattern, the same ones each time. Nothing for syntax that RE2 has and Python has not."""
    generator = Rstr(Random(pattern))
    try:
        texts = [generator.xeger(pattern) for _ in range(PATTERN_SAMPLES)]
    except (re.error, ValueError, KeyError, RecursionError):
        return
    yield from sorted(texts, key=lambda text: (len(text), text))


def _objects(attribute: Attribute) -> Iterator[dict[str, Any]]:
    """With the required properties alone, and with all of them."""
    values = {name: boundary_values(one) for name, one in (attribute.properties or {}).items()}
    required = {name for name, one in (attribute.properties or {}).items() if one.required and one.default is None}
    yield {name: found[0] for name, found in values.items() if found and name in required}
    yield {name: found[-1] for name, found in values.items() if found}
