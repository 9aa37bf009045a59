"""Reads orders from text: YAML, JSON or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from compiler.source.document import Document, KeyPath
from compiler.source.findings import Finding, OrderRejected, SourceLocation, finding_at
from compiler.source.yaml_reader import read_documents


@dataclass(frozen=True, slots=True)
class OrderSource:
    """Where an order comes from. `document` is None if it was not read from text."""

    file: str
    document: Document | None = None
    line_offset: int = 0
    """The number of lines in the file before the document's text."""
    elsewhere: Mapping[KeyPath, SourceLocation] = field(default_factory=dict)
    """The places of values that are not at the same path of the document, because overrides changed the order."""

    def location(self, path: KeyPath = (), *, key: bool = False) -> SourceLocation:
        """The position of the value at `path` (or of its key); line 0 if unknown."""
        for length in range(1, len(path) + 1) if self.elsewhere else ():
            if path[:length] in self.elsewhere:
                return self.elsewhere[path[:length]]
        if self.document is None:
            return SourceLocation(self.file, self.line_offset, 0)
        location = self.document.location(path, key=key)
        return location._replace(line=location.line + self.line_offset)


class SourcedOrder(dict[str, Any]):
    """The data of an order, with the place that it comes from."""

    source: OrderSource


def order_source(order: object, file: str) -> OrderSource:
    return order.source if isinstance(order, SourcedOrder) else OrderSource(file)


def read_orders(text: str | bytes, file: str) -> list[dict[str, Any]]:
    """The orders in `text`: YAML (several separated by `---`), JSON, or JSON lines. `file` is its name in findings.

    The orders are not validated. Pass them to compile_order unchanged, so that findings have line and column.
    Raises OrderRejected if the text contains no order or cannot be read.
    """
    parts = _split_json_lines(text) if isinstance(text, str) else None
    read = [one for number, part in parts or [(0, text)] for one in _read_text(part, OrderSource(file, None, number))]
    findings = [one for one in read if isinstance(one, Finding)]
    if not read:
        message = f"{file} contains no order: an order is a mapping with `id`, `customer` and `lines`"
        findings = [finding_at(SourceLocation(file), "order-missing", message)]
    if findings:
        raise OrderRejected(findings)
    return [one for one in read if isinstance(one, SourcedOrder)]


def _split_json_lines(text: str) -> list[tuple[int, str | bytes]] | None:
    """The lines of JSON lines, each with the number of lines before it; None if the text is something else."""
    lines = [(number, line) for number, line in enumerate(text.split("\n")) if line.strip()]
    if len(lines) < 2 or not all(line.strip().startswith("{") and line.strip().endswith("}") for _, line in lines):
        return None
    return [*lines]


_MAY_BE_JSON = frozenset({"yaml-syntax", "yaml-encoding"})
"""What the YAML reader finds in JSON that is not YAML, such as an emoji written as two escapes."""


def _read_text(text: str | bytes, source: OrderSource) -> Iterator[SourcedOrder | Finding]:
    result = read_documents(text, source.file)
    unreadable = any(finding.code in _MAY_BE_JSON for finding in result.findings)
    if unreadable and (data := _parse_json(text)) is not None:
        yield _to_order(data, source)
        return
    for finding in result.findings:
        line = finding.line + source.line_offset if finding.line else finding.line
        yield finding.model_copy(update={"line": line})
    for document in result.documents:
        yield _to_order(document.data, replace(source, document=document))


def _to_order(data: Any, source: OrderSource) -> SourcedOrder | Finding:
    if not isinstance(data, dict):
        message = "an order is a mapping with `id`, `customer` and `lines`; several orders are separated by `---`"
        return finding_at(source.location(), "type-wrong", message)
    order = SourcedOrder(data)
    order.source = source
    return order


def _parse_json(text: str | bytes) -> Any:
    """The data of text that is JSON but not YAML, such as an emoji written as two escapes; None if it is not JSON."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a key is given twice")
        return dict(pairs)

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a number that can be calculated with")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError):
        return None
