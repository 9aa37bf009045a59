"""Evaluates the expressions of definitions over an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.line_graph import LineNode
from compiler.decomposition.rejections import Rejections, where
from compiler.source.findings import Place

MISSING_VALUE = "there is no `"
"""How the reason begins where an expression reads what is not given (compiler.cel.evaluation)."""


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
