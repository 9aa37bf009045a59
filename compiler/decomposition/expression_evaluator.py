"""Evaluates the expressions of definitions over an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.line_graph import LineNode
from compiler.decomposition.rejections import Rejections, location_suffix
from compiler.source.findings import SourceLocation


@dataclass(slots=True)
class ExpressionEvaluator:
    """Evaluates the expressions of definitions over an order, and tells of those that have no value."""

    rejections: Rejections
    order_bindings: dict[str, Any]
    """The value of `order`."""

    def bindings(self, node: LineNode) -> dict[str, Any]:
        return {"order": self.order_bindings, **node.bindings}

    def evaluate_condition(
        self, condition: str, bindings: dict[str, Any], node: LineNode, label: str, location: SourceLocation
    ) -> bool | None:
        """Whether the condition holds; None where that cannot be told, which rejects the order."""
        try:
            value = evaluate(condition, bindings)
        except EvaluationError as error:
            self.report_failure(node, label, location, error)
            return None
        if not isinstance(value, bool):
            message = (
                f"{node.label}: {label}{location_suffix(location)} must give true or false, and `{condition}` does not"
            )
            self.rejections.add_line_finding(node, "expression-failed", message)
            return None
        return value

    def report_failure(self, node: LineNode, label: str, location: SourceLocation, error: EvaluationError) -> None:
        self.rejections.add_line_finding(
            node, "expression-failed", f"{node.label}: {label}{location_suffix(location)}: {error}"
        )
