"""An attribute's declaration in words."""

from __future__ import annotations

from compiler.language.attributes import Attribute, AttributeType
from compiler.values import as_text


def describe_attribute(attribute: Attribute) -> str:
    """`integer from 0 to 16, default 2`."""
    words = attribute.type.value
    if attribute.type is AttributeType.LIST and attribute.items is not None:
        words = f"list of {attribute.items.type.value}"
    if attribute.enum is not None:
        words += f", one of {', '.join(as_text(one) for one in attribute.enum)}"
    words += _limits(attribute)
    if attribute.default is not None:
        words += f", default {as_text(attribute.default)}"
    return words + (", required" if attribute.required else "")


def _limits(attribute: Attribute) -> str:
    low, high = attribute.minimum, attribute.maximum
    if low is not None and high is not None:
        return f" from {as_text(low)} to {as_text(high)}"
    if low is not None:
        return f", at least {as_text(low)}"
    return f", at most {as_text(high)}" if high is not None else ""
