"""`--with NAME=VALUE[,VALUE…]`: other values for an order, one or several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.framework.errors import UsageError
from cli.user_input.value_parsing import parse_scalar
from compiler.orders.variants import Choice

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.language.order_overrides import OrderOverrides

TEXT_TYPES = {"string", "date", "datetime"}
WHOLE_TYPES = {"list", "object"}
"""Their values contain commas themselves: one value, as JSON."""
_LINE_NAME = re.compile(r"lines\.(?P<id>.+?)\.(?P<path>(?:previous\.)?attributes\.\w+|(?:previous\.)?\w+)")
_ORDER_NAME = re.compile(r"order\.(?P<key>\w+)")


def parse_with(texts: Sequence[str], orders: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> list[Choice]:
    """The names with their values, each name once. Values have the types that the products of the orders declare.

    Raises UsageError.
    """
    types = _attribute_types(orders, catalogue)
    choices = [_parse_choice(text, types) for text in texts]
    names = [choice.name for choice in choices]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--with {name} is given twice; several values are separated by commas: {name}=1,2")
    return choices


def to_overrides(values: Mapping[str, Any]) -> OrderOverrides:
    """The overrides for one combination of names and values. Raises UsageError if one name is a part of another."""
    from compiler.language.order_overrides import OrderOverrides

    data: dict[str, Any] = {}
    for name, value in values.items():
        *parents, last = _path(name)
        target = data
        for part in parents:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise UsageError(f"--with {name}: another --with replaces all of which this is a part")
        if last in target:
            raise UsageError(f"--with {name}: another --with replaces a part of this")
        target[last] = value
    return OrderOverrides.model_validate(data)


def _path(name: str) -> list[str]:
    if line := _LINE_NAME.fullmatch(name):
        return ["lines", line["id"], *line["path"].split(".")]
    if order := _ORDER_NAME.fullmatch(name):
        return [order["key"]]
    return ["attributes", name]


def _attribute_types(orders: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> dict[str, str]:
    from compiler.orders.overrides import declared_attributes, order_lines

    types: dict[str, str] = {}
    for order in orders:
        for line in order_lines(dict(order)):
            for name, attribute in declared_attributes(line, catalogue).items():
                types.setdefault(name, attribute.type)
    return types


def _parse_choice(text: str, types: Mapping[str, str]) -> Choice:
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise UsageError(f"--with {text}: write NAME=VALUE, for example cameras=4, or cameras=1,2,3 for three variants")
    _check_name(name)
    attribute = name.rpartition(".")[2] if ".attributes." in name else name
    declared = types.get(attribute, "") if "." not in name or ".attributes." in name else ""
    return Choice(name, tuple(_parse_values(values, declared)))


def _check_name(name: str) -> None:
    from compiler.language.order_overrides import OrderOverrides

    keys = OrderOverrides.model_fields.keys() - {"attributes", "lines"}
    is_known = name.removeprefix("order.") in keys if name.startswith("order.") else "." not in name
    if not is_known and not _LINE_NAME.fullmatch(name):
        raise UsageError(
            f"--with {name}: this is neither an attribute (cameras), nor a value of one line (lines.1.quantity, "
            f"lines.1.attributes.cameras), nor a key of the order (order.{', order.'.join(sorted(keys))})"
        )


def _parse_values(text: str, declared: str) -> Iterator[Any]:
    if declared in WHOLE_TYPES or text.lstrip().startswith(("[", "{")):
        yield parse_scalar(text) if text else None
        return
    for part in _split(text):
        if part == "":
            yield None
        elif declared in TEXT_TYPES:
            yield _unquote(part)
        else:
            yield parse_scalar(part)


def _unquote(text: str) -> str:
    value = parse_scalar(text) if text.startswith('"') else text
    return value if isinstance(value, str) else text


def _split(text: str) -> list[str]:
    """The parts between commas; a comma inside double quotes does not separate."""
    parts = re.findall(r'(?:^|,)(\s*"(?:[^"\\]|\\.)*"\s*|[^,]*)', text)
    return [part.strip() for part in parts]
