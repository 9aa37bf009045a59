"""The order of a scenario: from its file or from the scenario itself, with what the scenario says is different."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.documents import ScenarioDocument
from compiler.language.order_overrides import OrderOverrides
from compiler.orders.overrides import apply_overrides
from compiler.orders.reader import read_orders
from compiler.source.document import KeyPath
from compiler.source.findings import OrderRejected, finding_at

ScenarioEntry = DefinitionEntry[ScenarioDocument]


def submitted_order(entry: ScenarioEntry, catalogue: Catalogue) -> dict[str, Any]:
    """Raises OrderRejected if the file cannot be read, or if `with` does not fit the order."""
    order = read_order(entry, entry.model.order, ("order",))
    return change_order(entry, order, entry.model.with_, ("with",), catalogue)


def read_order(entry: ScenarioEntry, source: str | dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """The order of a file, relative to the scenario's own, or a copy of the order itself. An order without an id gets
    that of the scenario. Raises OrderRejected."""
    if not isinstance(source, str):
        order = deepcopy(source)
        return order if "id" in order else {"id": entry.model.id, **order}
    place = entry.document.location(path)
    file = Path(entry.document.file).parent / source
    try:
        orders = read_orders(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        message = f"the order {source} cannot be read: {error}"
        raise OrderRejected([finding_at(place, "file-missing", message)]) from None
    if len(orders) > 1:
        message = f"{source} has {len(orders)} orders, and a scenario is about one: write it into a file of its own"
        raise OrderRejected([finding_at(place, "value-invalid", message)])
    return orders[0]


def change_order(
    entry: ScenarioEntry, order: dict[str, Any], overrides: OrderOverrides | None, path: KeyPath, catalogue: Catalogue
) -> dict[str, Any]:
    """Raises OrderRejected if the overrides do not fit the order."""
    if overrides is None:
        return order
    return apply_overrides(order, overrides, catalogue, entry.document.location(path, key=True), "order")
