"""Values for orders and forms that nobody has filled in yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.language.attributes import Attribute, AttributeType, validate_value

_SAMPLES: Mapping[AttributeType, tuple[Any, ...]] = {
    AttributeType.STRING: ("example", "example text, as long as it takes", "a", "1", "10115"),
    AttributeType.INTEGER: (1, 0, 10, 100, 1_000),
    AttributeType.NUMBER: (1.0, 0.5, 0.0, 10.0, 100.0, 1_000.0),
    AttributeType.BOOLEAN: (True,),
    AttributeType.DATE: ("2026-02-02",),
    AttributeType.DATETIME: ("2026-02-02T09:00:00Z",),
}
"""Tried in this order."""


def sample_value(attribute: Attribute) -> Any:
    """A value that the attribute accepts: its default, the first of its `enum`, else an ordinary one.

    Raises LookupError if none is found, for example because of a `pattern`.
    """
    for value in _candidates(attribute):
        if not validate_value(attribute, value)[1]:
            return value
    raise LookupError("no sample value fits")


def sample_data(fields: Mapping[str, Attribute]) -> dict[str, Any]:
    """The required fields of a form. Raises LookupError as `sample_value` does."""
    return {
        name: sample_value(declared)
        for name, declared in fields.items()
        if declared.required and declared.default is None
    }


def _candidates(attribute: Attribute) -> list[Any]:
    candidates = [attribute.default] if attribute.default is not None else []
    candidates += attribute.enum or []
    number = int if attribute.type is AttributeType.INTEGER else float
    candidates += [number(limit) for limit in (attribute.minimum, attribute.maximum) if limit is not None]
    if attribute.type is AttributeType.LIST:
        item = [] if attribute.items is None else [sample_value(attribute.items)]
        return [*candidates, [], item, item * (attribute.min_length or 1)]
    if attribute.type is AttributeType.OBJECT:
        return [*candidates, sample_data(attribute.properties or {})]
    if attribute.type is AttributeType.STRING and attribute.min_length:
        candidates.append("x" * attribute.min_length)
    return [*candidates, *_SAMPLES[attribute.type]]
