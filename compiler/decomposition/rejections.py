"""Collects what rejects an order, each at the order line that it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.decomposition.line_graph import LineNode
from compiler.orders.validation import OrderValidation
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, SourceLocation, finding_at


@dataclass(slots=True)
class Rejections:
    form: OrderValidation
    findings: list[Finding] = field(default_factory=list)

    def add_order_finding(self, code: str, message: str, path: KeyPath = ()) -> None:
        self.findings.append(finding_at(self.form.source.location(path), code, message))

    def add_line_finding(self, node: LineNode, code: str, message: str, *path: str, key: bool = False) -> None:
        """At the order line that `node` is, or that brought it; at `path` within it where that is given."""
        owner = node.source_order_lines[0]
        while owner.line.id not in self.form.line_paths and owner.parents:
            owner, path = owner.parents[0], ()
        base = self.form.line_paths.get(owner.line.id, ())
        place = self.form.source.location((*base, *path), key=key)
        self.findings.append(finding_at(place, code, message))


def location_suffix(location: SourceLocation) -> str:
    """A definition's place inside a sentence about an order."""
    return f" (at {location})" if location.line else ""
