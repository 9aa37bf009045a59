"""Collects what rejects an order, each at the order line that it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.decomposition.line_graph import LineNode
from compiler.orders.validation import OrderForm
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, Place, finding_at


@dataclass(slots=True)
class Rejections:
    form: OrderForm
    findings: list[Finding] = field(default_factory=list)

    def at_order(self, code: str, message: str, path: KeyPath = ()) -> None:
        self.findings.append(finding_at(self.form.source.place(path), code, message))

    def at_line(self, node: LineNode, code: str, message: str, *path: str, key: bool = False) -> None:
        """At the order line that `node` is, or that brought it; at `path` within it where that is given."""
        owner = node.order_lines[0]
        while owner.line.id not in self.form.paths and owner.above:
            owner, path = owner.above[0], ()
        base = self.form.paths.get(owner.line.id, ())
        place = self.form.source.place((*base, *path), key=key)
        self.findings.append(finding_at(place, code, message))


def where(place: Place) -> str:
    """A definition's place inside a sentence about an order."""
    return f" (at {place})" if place.line else ""
