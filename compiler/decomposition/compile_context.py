"""What every phase needs to compile one order: the catalogue, the lines, expression values, findings and decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.line_graph import LineGraph, LineNode
from compiler.decomposition.running_units import RunningUnits
from compiler.orders.validation import OrderValidation
from compiler.plan.decision_log import DecisionLog
from compiler.plan.plan import LANGUAGE_VERSION
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, SourceLocation, finding_at
from compiler.values import format_value


@dataclass(slots=True)
class CompileContext:
    validation: OrderValidation
    index: CatalogueIndex
    decision_log: DecisionLog
    order_bindings: dict[str, Any]
    """The value of `order` in expressions."""
    graph: LineGraph = field(default_factory=LineGraph)
    findings: list[Finding] = field(default_factory=list)
    """Findings that reject the order, in addition to the findings about its form."""
    warnings: list[Finding] = field(default_factory=list)
    """Findings about what may be a mistake. They do not reject the order."""
    language_version: int = LANGUAGE_VERSION
    units: RunningUnits | None = None
    """The units of the running order, if this is an amendment."""
    dropped_units: frozenset[str] = frozenset()
    """Ids of units that go first if fewer are wanted."""

    @property
    def keeps_previous(self) -> bool:
        """Whether attributes that a modify or delete line does not mention keep their values from its `previous`."""
        return self.language_version >= 2

    @property
    def wants_whole_quantities(self) -> bool:
        """Whether fractions are rejected if a product does not declare decimal quantities."""
        return self.language_version >= 2

    def allows_quantity(self, product: Product, quantity: int | float) -> bool:
        """Whether lines of the product may have this quantity, in orders of this language version."""
        enforced = self.wants_whole_quantities or product.single_quantity
        return not enforced or product.allows_quantity(quantity)

    def reject(self, node: LineNode, code: str, message: str, *path: str, key: bool = False) -> None:
        """Adds a finding at the order line that `node` is or comes from.

        `path` leads to a part of that line. `key` locates the name of that part, not its value.
        """
        self.findings.append(finding_at(self._location(node, path, key=key), code, message))

    def warn(self, node: LineNode, code: str, message: str) -> None:
        """Adds a warning at the order line that `node` is or comes from."""
        self.warnings.append(finding_at(self._location(node, ()), code, message, severity="warning"))

    def _location(self, node: LineNode, path: KeyPath, *, key: bool = False) -> SourceLocation:
        owner = node.source_order_lines[0]
        while owner.line.id not in self.validation.line_paths and owner.parents:
            owner, path = owner.parents[0], ()
        line_path = self.validation.line_paths.get(owner.line.id, ())
        return self.validation.source.location((*line_path, *path), key=key)

    def reject_at(self, path: KeyPath, code: str, message: str) -> None:
        """Adds a finding at a path of the order."""
        self.findings.append(finding_at(self.validation.source.location(path), code, message))

    def report_failure(self, node: LineNode, label: str, location: SourceLocation, error: EvaluationError) -> None:
        """Adds a finding for an expression, `label` of a definition, that has no value for this line."""
        self.reject(node, "expression-failed", f"{node.label}: {label}{location_suffix(location)}: {error}")

    def bindings(self, node: LineNode) -> dict[str, Any]:
        """The names that expressions over this line can read."""
        return {"order": self.order_bindings, **node.bindings}

    def condition_holds(
        self, condition: str, bindings: dict[str, Any], node: LineNode, label: str, location: SourceLocation
    ) -> bool:
        """Whether the condition is true. If it fails or is not a boolean, it counts as false and rejects the order."""
        try:
            value = evaluate(condition, bindings)
        except EvaluationError as error:
            self.report_failure(node, label, location, error)
            return False
        if not isinstance(value, bool):
            where = f"{label}{location_suffix(location)}"
            message = f"{node.label}: {where} must give true or false, and `{condition}` does not"
            self.reject(node, "expression-failed", message)
        return value is True

    def evaluate_per(self, per: str, node: LineNode) -> Any:
        """The value of a `per` expression for this line. None if it is empty or reads a name that has no value.

        Raises EvaluationError if the expression fails for any other reason.
        """
        try:
            value = evaluate(per, self.bindings(node))
        except EvaluationError as error:
            if not error.is_missing_value:
                raise
            return None
        return None if value == "" else value


def quantity_problem(product: Product, quantity: int | float) -> str:
    """What is wrong with a quantity that the product does not allow, after the name of the quantity."""
    if product.single_quantity:
        return f"must be 1, and is {format_value(quantity)}: `{product.id}` declares `quantity: one`"
    return (
        f"must be a whole number, and is {format_value(quantity)}: quantities of `{product.id}` are whole, unless it "
        "declares `quantity: decimal`"
    )


def location_suffix(location: SourceLocation) -> str:
    """The location of a definition, for a message about an order."""
    return f" (at {location})" if location.line else ""
