"""Collects what rejects an order, each at the order line that it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compiler.cel import EvaluationError, evaluate
from compiler.findings import Finding, Place, finding_at
from compiler.line_tree import LineNode
from compiler.order_form import OrderForm
from compiler.source import KeyPath

MISSING_VALUE = "there is no `"
"""How the reason begins where an expression reads what is not given (compiler.cel)."""


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


@dataclass(slots=True)
class Judge:
    """Evaluates the expressions of definitions over an order, and tells of those that have no value."""

    rejections: Rejections
    order: dict[str, Any]
    """The value of `order`."""

    def bindings(self, node: LineNode) -> dict[str, Any]:
        return {"order": self.order, **node.bindings}

    def holds(self, condition: str, seen: dict[str, Any], node: LineNode, what: str, place: Place) -> bool | None:
        """Whether the condition holds; None where that cannot be told, which rejects the order."""
        try:
            value = evaluate(condition, seen)
        except EvaluationError as error:
            self.failed(node, what, place, error)
            return None
        if not isinstance(value, bool):
            message = f"{node.who}: {what}{where(place)} must give true or false, and `{condition}` does not"
            self.rejections.at_line(node, "expression-failed", message)
            return None
        return value

    def failed(self, node: LineNode, what: str, place: Place, error: EvaluationError) -> None:
        self.rejections.at_line(node, "expression-failed", f"{node.who}: {what}{where(place)}: {error}")
