"""Validation of an order by itself: keys, types and ids. Its products are checked where the catalogue is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compiler.language.documents import DOCUMENT_MODELS
from compiler.language.order import Order
from compiler.orders.line_rules import MAX_LINE_DEPTH, LinePaths, find_lines
from compiler.orders.reader import OrderSource
from compiler.source.document import Key, KeyPath
from compiler.source.findings import MAX_FINDINGS, Finding, finding_at
from compiler.source.schema_errors import Owner, data_path, schema_findings


@dataclass(slots=True)
class OrderValidation:
    """An order, as far as it is valid, and what is wrong with it."""

    source: OrderSource
    order: Order | None = None
    """None if nothing of it can be used. With findings, invalid values have their defaults, and invalid lines are
    left out, so that the rest can be checked too."""
    line_paths: dict[str, KeyPath] = field(default_factory=dict)
    """The path of each line, by the line's id."""
    findings: list[Finding] = field(default_factory=list)


def validate_order(data: object, source: OrderSource) -> OrderValidation:
    """Reads `data`, which may be anything, as an order. Never raises; every error is a finding."""
    lines = find_lines(data)
    validation = OrderValidation(source, line_paths=lines.by_id)
    if kind := definition_kind(data):
        message = f"this is a definition (`kind: {kind}`), not an order: an order begins with `id: …` and has `lines`"
        validation.findings.append(finding_at(source.location(("kind",), key=True), "order-missing", message))
        return validation
    if lines.too_deep:
        data = _without(data, lines.too_deep)
    unusable = {*lines.duplicates}
    try:
        validation.order = Order.model_validate(data)
    except ValidationError as error:
        validation.findings += schema_findings(
            error, Order, data, source.location, lambda path: _owner(data, path), MAX_FINDINGS
        )
        unusable.update(_unusable_path(data, detail) for detail in error.errors(include_url=False))
    validation.findings += _line_findings(lines, source)
    if unusable:
        validation.order = _partial_order(data, unusable)
    return validation


def definition_kind(data: object) -> str | None:
    """The `kind` of data that is a definition, given where an order is expected."""
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) and kind in DOCUMENT_MODELS else None


def _line_findings(lines: LinePaths, source: OrderSource) -> list[Finding]:
    message = f"lines are nested more than {MAX_LINE_DEPTH} levels deep"
    findings = [finding_at(source.location(path), "order-depth", message) for path in lines.too_deep]
    for path, id_ in lines.duplicates.items():
        first = source.location(lines.by_id[id_])
        where = f" (the first is at {first})" if first.line else ""
        message = f"two lines have the id `{id_}`{where}"
        findings.append(finding_at(source.location((*path, "id")), "id-duplicate", message))
    return findings


def _owner(order: Any, path: KeyPath) -> Owner:
    """The innermost line around `path`, or the order."""
    owner, inner, value = "the order: ", path, order
    while inner[:1] == ("lines",) and len(inner) > 1:
        value = value["lines"][inner[1]]
        if not isinstance(value, dict):
            break
        id_ = value.get("id")
        owner, inner = f"line `{id_}`: " if isinstance(id_, str) else "this line: ", inner[2:]
    return owner, inner


_PLACEHOLDERS: Collection[tuple[Key, ...]] = (("id",), ("customer", "id"))
"""Required, but the rest of the order can be checked without them."""


def _unusable_path(data: Any, error: ErrorDetails) -> KeyPath:
    """What cannot be used because of the error: the value, or the whole line if it is required."""
    path = data_path(data, error["loc"])
    if error["loc"] in _PLACEHOLDERS:
        return error["loc"]
    is_required = path[-1:] in (("id",), ("product",)) and len(path) > 1 and isinstance(path[-2], int)
    return path[:-1] if is_required else path


def _partial_order(data: Any, unusable: Collection[KeyPath]) -> Order | None:
    """The order without what is at these paths; None if that is no order."""
    if () in unusable:
        return None
    rest = {key: value for key, value in _without(data, unusable).items() if value is not None}
    if isinstance(rest.get("customer"), dict):
        rest["customer"] = {"id": "-", **rest["customer"]}
    rest = {"id": "-", **rest}
    try:
        return Order.model_validate(rest)
    except ValidationError as error:
        return _partial_order(rest, {_unusable_path(rest, detail) for detail in error.errors(include_url=False)})


def _without(value: Any, paths: Collection[KeyPath]) -> Any:
    """A copy of the data without what is at these paths."""
    if not paths:
        return value
    inner: dict[Key, list[KeyPath]] = {}
    for path in paths:
        inner.setdefault(path[0], []).append(path[1:])
    items = value.items() if isinstance(value, dict) else enumerate(value)
    kept = {key: _without(one, inner.get(key, ())) for key, one in items if () not in inner.get(key, ())}
    return kept if isinstance(value, dict) else list(kept.values())
