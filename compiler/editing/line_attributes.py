"""Which attributes a mapping `attributes` can have: in rules, order lines and scenarios that depends on a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.language.attributes import Attribute
from compiler.source.document import KeyPath
from compiler.source.files import read_file


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at `path`; None if there is none."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def ordered_products(scenario: Any, folder: Path | None) -> dict[str, str]:
    """Id of each line of a scenario's order → product, by id or code. `folder`: of the scenario's file.

    Empty if the order cannot be read.
    """
    order = scenario.get("order") if isinstance(scenario, dict) else None
    if isinstance(order, str) and folder is not None:
        result = read_file(folder / order)
        order = result.documents[0].data if result.documents else None
    found: dict[str, str] = {}
    waiting = list(_lines_of(order))
    while waiting:
        line = waiting.pop()
        if isinstance(line.get("id"), str) and isinstance(line.get("product"), str):
            found[line["id"]] = line["product"]
        waiting += _lines_of(line)
    return found


def _lines_of(parent: object) -> Iterator[dict[str, Any]]:
    lines = parent.get("lines") if isinstance(parent, dict) else None
    yield from (line for line in (lines if isinstance(lines, list) else ()) if isinstance(line, dict))


def products_of_attributes(data: Any, kind: str, path: KeyPath, folder: Path | None) -> list[str]:
    """The products, by id or code, that may have the attributes in the mapping at `path`.

    `kind`: of the document, or `order`. `folder`: of its file.
    """
    if path[-1:] != ("attributes",):
        return []
    owner = path[:-2] if path[-2:-1] == ("previous",) else path[:-1]
    is_rule = len(path) == 3 and path[0] in ("decomposes_to", "components")
    if is_rule or kind in ("order", "scenario"):
        around = value_at(data, owner)
        if isinstance(around, dict) and isinstance(around.get("product"), str):
            return [around["product"]]
    if kind == "scenario" and owner[-1:] == ("with",):
        return list(dict.fromkeys(ordered_products(data, folder).values()))
    if kind == "scenario" and owner[-2:-1] == ("lines",):
        line = str(owner[-1])
        return [ordered_products(data, folder).get(line, line.partition("@")[0])]
    return []


def line_attributes(
    data: Any, kind: str, path: KeyPath, index: DefinitionIndex, folder: Path | None
) -> Mapping[str, Attribute]:
    """The attributes that the mapping at `path` can have; none if it is no `attributes` of a line or a rule."""
    found: dict[str, Attribute] = {}
    for product in products_of_attributes(data, kind, path, folder):
        name = find_product(index, product)
        found = {**index.product_attributes.get(name or "", {}), **found}
    return found


def find_product(index: DefinitionIndex, id_or_code: str) -> str | None:
    products = index.definitions.products
    if id_or_code in products:
        return id_or_code
    return next((name for name, entry in products.items() if entry.model.code == id_or_code), None)
