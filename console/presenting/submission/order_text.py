"""An order as text that people edit: the keys as in the documentation, whatever the store has made of their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.language.order import Customer, Order, OrderLine
from views.order.order_file import order_yaml


def order_text(order: Mapping[str, Any]) -> str:
    """As YAML."""
    arranged = _arranged(order, Order)
    if isinstance(arranged.get("customer"), Mapping):
        arranged["customer"] = _arranged(arranged["customer"], Customer)
    arranged["lines"] = _lines(arranged.get("lines"))
    return order_yaml(arranged)


def _lines(lines: Any) -> Any:
    if not isinstance(lines, list):
        return lines
    arranged = []
    for line in lines:
        if isinstance(line, Mapping):
            line = _arranged(line, OrderLine)
            if "lines" in line:
                line["lines"] = _lines(line["lines"])
        arranged.append(line)
    return arranged


def _arranged(data: Mapping[str, Any], model: type[Order | OrderLine | Customer]) -> dict[str, Any]:
    """Keys that the model does not have come last."""
    known = {name: data[name] for name in model.model_fields if name in data}
    return known | {name: value for name, value in data.items() if name not in known}
