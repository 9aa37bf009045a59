"""Order lines checked against the products that they name, and the child lines that components make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import CatalogueIndex, RankedRule, without_constraints
from compiler.decomposition.apply_rule import Contribution, RuleApplication
from compiler.decomposition.expression_evaluator import ExpressionEvaluator
from compiler.decomposition.line_graph import LineGraph, LineNode, line_suffix
from compiler.language.attributes import validate_value
from compiler.language.order import OrderLine, line_request_digest
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.plan import PlannedLine, PreviousState
from compiler.source.findings import did_you_mean

ACTIONS_NEEDING_ATTRIBUTES = (LineAction.ADD, LineAction.MODIFY)
"""The actions of lines whose required attributes must be given."""


@dataclass(slots=True)
class OrderLineBuilder:
    """Builds the tree of an order's lines, depth first."""

    catalogue_index: CatalogueIndex
    evaluator: ExpressionEvaluator
    decision_log: DecisionLog
    graph: LineGraph

    def build(self, lines: list[OrderLine]) -> None:
        """Adds the order's lines to the tree. What is wrong with them is told."""
        for line in lines:
            self._add_order_line(line, None)
        self._check_id_collisions()

    def _add_order_line(self, order_line: OrderLine, parent: LineNode | None) -> None:
        node = self._build_node(order_line, parent)
        if node is None:
            for child in order_line.lines or ():
                self._add_order_line(child, None)
            return
        self._append_node(node)
        if order_line.lines:
            for child in order_line.lines:
                self._add_order_line(child, node)
        else:
            self._add_components(node)

    def _append_node(self, node: LineNode) -> None:
        self.graph.order_lines.append(node)
        if node.parents:
            node.parents[0].children.append(node)
        else:
            self.graph.top_level_lines.append(node)

    def _build_node(self, order_line: OrderLine, parent: LineNode | None) -> LineNode | None:
        product = self._find_product(order_line)
        if product is None:
            return None
        line = PlannedLine(
            id=order_line.id,
            product=product.id,
            name=product.name,
            quantity=order_line.quantity,
            action=order_line.action,
            attributes={},
            sources=(parent.line.id,) if parent else (),
            requested_start=order_line.requested_start,
            requested_completion=order_line.requested_completion,
            external_ids=dict(order_line.external_ids),
            request_digest=line_request_digest(order_line),
        )
        return self._validated_node(line, product, parent, order_line.attributes, order_line.previous)

    def _find_product(self, order_line: OrderLine) -> Product | None:
        catalogue = self.catalogue_index.catalogue
        product = catalogue.find_product(order_line.product)
        path = (*self.evaluator.rejections.form.line_paths[order_line.id], "product")
        if product is None:
            sold = [name for name, one in catalogue.products.items() if one.is_commercial]
            sold += [
                code for code, name in catalogue.product_ids_by_code.items() if catalogue.products[name].is_commercial
            ]
            near = did_you_mean(order_line.product, sold)
            message = f"line `{order_line.id}`: the catalogue has no product `{order_line.product[:100]}`{near}"
            self.evaluator.rejections.add_order_finding("reference-unknown", message, path)
            return None
        if not product.is_commercial:
            message = f"line `{order_line.id}`: `{product.id}` is a technical product: order the offer that brings it"
            self.evaluator.rejections.add_order_finding("order-technical", message, path)
            return None
        return product

    def _validated_node(
        self,
        line: PlannedLine,
        product: Product,
        parent: LineNode | None,
        given_attributes: Mapping[str, Any],
        previous: PreviousState | Any | None,
    ) -> LineNode:
        """The node of an order line, its attributes checked and completed."""
        above = (parent,) if parent else ()
        rank = (len(self.graph.order_lines),)
        node = LineNode(line, product, line_suffix(line.id), rank, above)
        attributes = self._validate_attributes(
            node, given_attributes, required=line.action in ACTIONS_NEEDING_ATTRIBUTES
        )
        before = None
        if previous is not None and line.action in ACTIONS_WITH_PREVIOUS:
            before = PreviousState(
                self._validate_attributes(node, previous.attributes, previous=True), previous.quantity
            )
        node.line = replace(line, attributes=attributes, previous=before)
        return node

    def _validate_attributes(
        self, node: LineNode, given: Mapping[str, Any], *, required: bool = False, previous: bool = False
    ) -> dict[str, Any]:
        declared, rejections = node.product.attributes, self.evaluator.rejections
        path = ("previous", "attributes") if previous else ("attributes",)
        prefix = "previous." if previous else ""
        for name in given:
            if name not in declared:
                near = did_you_mean(name, declared) or (f"; it has {', '.join(sorted(declared))}" if declared else "")
                message = f"{node.label}: `{node.product.id}` has no attribute `{name[:100]}`{near}"
                rejections.add_line_finding(node, "attribute-unknown", message, *path, name, key=True)
        found = {}
        defaults = self.catalogue_index.attribute_defaults(node.product)
        for name in sorted(declared):
            value = given.get(name)
            if value is None:
                if name in defaults:
                    found[name] = defaults[name]
                elif required and declared[name].required:
                    message = f"{node.label}: `{node.product.id}` needs the attribute `{name}`"
                    rejections.add_line_finding(node, "attribute-missing", message)
                    node.is_invalid = True
                continue
            converted, problems = validate_value(
                without_constraints(declared[name]) if previous else declared[name], value
            )
            for problem in problems:
                message = f"{node.label}: `{prefix}{name}` {problem}"
                rejections.add_line_finding(node, "attribute-misfit", message, *path, name)
            node.is_invalid |= bool(problems)
            found[name] = converted
        return found

    def _add_components(self, parent: LineNode) -> None:
        if parent.is_invalid:
            return
        seen = self.evaluator.bindings(parent) if parent.product.components else {}
        for position, rule in enumerate(parent.product.components):
            target = self.catalogue_index.catalogue.products[rule.product]
            application = RuleApplication(self.evaluator, parent, RankedRule(rule, position), target, seen)
            contributions = application.apply()
            made = [self._add_component(parent, target, one) for one in contributions]
            if self.decision_log.enabled:
                ids = tuple(node.line.id for node in made)
                why = application.outcome.reason
                self.decision_log.record(PlanDecision("component", parent.line.id, target.id, bool(made), why, ids))
            for node in made:
                self._add_components(node)

    def _add_component(self, parent: LineNode, target: Product, contribution: Contribution) -> LineNode:
        line = PlannedLine(
            id=f"{parent.line.id}.{contribution.rule.as_ or target.id}",
            product=target.id,
            name=target.name,
            quantity=contribution.quantity,
            action=parent.line.action,
            attributes={},
            sources=(parent.line.id,),
            requested_start=parent.line.requested_start,
            requested_completion=parent.line.requested_completion,
        )
        node = self._validated_node(line, target, parent, contribution.attributes, contribution.previous)
        self._append_node(node)
        return node

    def _check_id_collisions(self) -> None:
        first: dict[str, LineNode] = {}
        for node in self.graph.order_lines:
            other = first.setdefault(node.line.id, node)
            if other is not node:
                message = (
                    f"two order lines would have the id `{node.line.id}`: {_origin(other)} and {_origin(node)}; "
                    "give one of them another id, or the component another `as`"
                )
                self.evaluator.rejections.add_line_finding(node, "id-collision", message)


def _origin(node: LineNode) -> str:
    if not node.parents:
        return f"the order's own `{node.product.id}`"
    return f"`{node.product.id}` in line `{node.parents[0].line.id}`"


def earliest(moments: list[datetime | None]) -> datetime | None:
    given = [moment for moment in moments if moment is not None]
    return min(given) if given else None
