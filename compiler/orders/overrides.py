"""Applies overrides to an order: other values of attributes, lines and order keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.language.attributes import Attribute
from compiler.language.order_overrides import OrderOverrides
from compiler.orders.override_locations import override_locations
from compiler.orders.reader import SourcedOrder, order_source
from compiler.source.findings import Finding, OrderRejected, SourceLocation, did_you_mean, finding_at


def apply_overrides(
    order: Mapping[str, Any],
    overrides: OrderOverrides,
    catalogue: Catalogue,
    location: SourceLocation,
    file: str = "order",
) -> SourcedOrder:
    """A copy of the order with the overrides; the order is not changed.

    `attributes` go to every order line whose product declares the name; then `lines` are merged into the lines with
    these ids as a JSON merge patch (RFC 7396) does; other keys replace those of the order. The values themselves are
    checked when the order is compiled.

    Raises OrderRejected for an attribute that no order line declares and for a line that the order does not have.
    `location` is the place of the overrides, for these findings and later ones about their values; `file` that of the
    order, if it does not know it.
    """
    changed = SourcedOrder(_copy(order))
    source = order_source(order, file)
    findings = [
        *_set_attributes(changed, overrides.attributes, catalogue, location),
        *_merge_lines(changed, overrides.lines, location),
    ]
    if findings:
        raise OrderRejected(findings)
    for key, value in overrides.order_keys.items():
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = value
    changed.source = replace(source, elsewhere=override_locations(order, changed, source, location))
    return changed


def merge_patch(value: Any, patch: Any) -> Any:
    """`value` changed by a JSON merge patch (RFC 7396): mappings are merged, null takes a key away."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(value) if isinstance(value, Mapping) else {}
    for key, inner in patch.items():
        if inner is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), inner)
    return merged


def order_lines(parent: Any) -> Iterator[dict[str, Any]]:
    """The lines of an order and their child lines, depth first. The order may be any data."""
    lines = parent.get("lines") if isinstance(parent, dict) else None
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict):
            yield line
            yield from order_lines(line)


def _set_attributes(
    order: dict[str, Any], attributes: Mapping[str, Any], catalogue: Catalogue, location: SourceLocation
) -> Iterator[Finding]:
    declared_by_line = [(line, declared_attributes(line, catalogue)) for line in order_lines(order)]
    for name, value in attributes.items():
        lines = [line for line, declared in declared_by_line if name in declared]
        if not lines:
            known = {one for _, declared in declared_by_line for one in declared}
            near = did_you_mean(name, known) or (f"; they have {', '.join(sorted(known))}" if known else "")
            message = f"no product of the order's lines has the attribute `{name[:100]}`{near}"
            yield finding_at(location, "attribute-unknown", message)
        for line in lines:
            line.update(merge_patch(line, {"attributes": {name: None}}))
            if value is not None:
                line["attributes"][name] = _copy(value)


def declared_attributes(line: Mapping[str, Any], catalogue: Catalogue) -> Mapping[str, Attribute]:
    """The attributes of the line's product; empty if there is no such product. The line may be any data."""
    name = line.get("product")
    found = catalogue.find_product(name) if isinstance(name, str) else None
    return found.attributes if found else {}


def _merge_lines(
    order: dict[str, Any], changes: Mapping[str, dict[str, Any] | None], location: SourceLocation
) -> Iterator[Finding]:
    known = [id_ for line in order_lines(order) if isinstance(id_ := line.get("id"), str)]
    for id_, change in changes.items():
        if id_ not in known:
            near = did_you_mean(id_, known) or (f"; it has {', '.join(known[:10])}" if known else "")
            yield finding_at(location, "reference-unknown", f"the order has no line `{id_[:100]}`{near}")
            continue
        _change_line(order, id_, change)


def _change_line(parent: dict[str, Any], id_: str, change: dict[str, Any] | None) -> None:
    """Changes the line below `parent` that has this id, or takes it away."""
    lines = parent.get("lines")
    if not isinstance(lines, list):
        return
    if change is None:
        lines[:] = [line for line in lines if not (isinstance(line, dict) and line.get("id") == id_)]
    for line in lines:
        if not isinstance(line, dict):
            continue
        if change is not None and line.get("id") == id_:
            merged = merge_patch(line, change)
            line.clear()
            line.update(merged)
        else:
            _change_line(line, id_, change)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list | tuple) else value
