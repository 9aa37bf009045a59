"""Order lines checked against the products that they name, and the child lines that components make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import RankedRule, Reach, unlimited
from compiler.decomposition.expression_evaluator import Judge
from compiler.decomposition.line_graph import LineNode, LineTree, line_suffix
from compiler.decomposition.rule_application import Contribution, RuleApplication
from compiler.language.attributes import validate_value
from compiler.language.order import OrderLine, asked_by
from compiler.language.steps import Action
from compiler.plan.bindings import BEFORE
from compiler.plan.decision_log import Reason, Reasons
from compiler.plan.plan import Line, Previous
from compiler.source.findings import did_you_mean

FILLED = (Action.ADD, Action.MODIFY)
"""The actions of lines whose required attributes must be given."""


@dataclass(slots=True)
class OrderLines:
    """Builds the tree of an order's lines, depth first."""

    reach: Reach
    judge: Judge
    reasons: Reasons
    tree: LineTree

    def build(self, lines: list[OrderLine]) -> None:
        """Adds the order's lines to the tree. What is wrong with them is told."""
        for line in lines:
            self._ordered(line, None)
        self._collisions()

    def _ordered(self, ordered: OrderLine, parent: LineNode | None) -> None:
        node = self._node(ordered, parent)
        if node is None:
            for child in ordered.lines or ():
                self._ordered(child, None)
            return
        self._add(node)
        if ordered.lines:
            for child in ordered.lines:
                self._ordered(child, node)
        else:
            self._components(node)

    def _add(self, node: LineNode) -> None:
        self.tree.order_lines.append(node)
        if node.above:
            node.above[0].children.append(node)
        else:
            self.tree.tops.append(node)

    def _node(self, ordered: OrderLine, parent: LineNode | None) -> LineNode | None:
        product = self._product(ordered)
        if product is None:
            return None
        line = Line(
            id=ordered.id,
            product=product.id,
            name=product.name,
            quantity=ordered.quantity,
            action=ordered.action,
            attributes={},
            sources=(parent.line.id,) if parent else (),
            requested_start=ordered.requested_start,
            requested_completion=ordered.requested_completion,
            external_ids=dict(ordered.external_ids),
            asked=asked_by(ordered),
        )
        return self._checked(line, product, parent, ordered.attributes, ordered.previous)

    def _product(self, ordered: OrderLine) -> Product | None:
        catalogue = self.reach.catalogue
        product = catalogue.product_named(ordered.product)
        path = (*self.judge.rejections.form.paths[ordered.id], "product")
        if product is None:
            sold = [name for name, one in catalogue.products.items() if one.commercial]
            sold += [code for code, name in catalogue.codes.items() if catalogue.products[name].commercial]
            near = did_you_mean(ordered.product, sold)
            message = f"line `{ordered.id}`: the catalogue has no product `{ordered.product[:100]}`{near}"
            self.judge.rejections.at_order("reference-unknown", message, path)
            return None
        if not product.commercial:
            message = f"line `{ordered.id}`: `{product.id}` is a technical product: order the offer that brings it"
            self.judge.rejections.at_order("order-technical", message, path)
            return None
        return product

    def _checked(
        self,
        line: Line,
        product: Product,
        parent: LineNode | None,
        given: Mapping[str, Any],
        previous: Previous | Any | None,
    ) -> LineNode:
        """The node of an order line, its attributes checked and completed."""
        above = (parent,) if parent else ()
        rank = (len(self.tree.order_lines),)
        node = LineNode(line, product, line_suffix(line.id), rank, above)
        attributes = self._attributes(node, given, required=line.action in FILLED)
        before = None
        if previous is not None and line.action in BEFORE:
            before = Previous(self._attributes(node, previous.attributes, previous=True), previous.quantity)
        node.line = replace(line, attributes=attributes, previous=before)
        return node

    def _attributes(
        self, node: LineNode, given: Mapping[str, Any], *, required: bool = False, previous: bool = False
    ) -> dict[str, Any]:
        declared, rejections = node.product.attributes, self.judge.rejections
        path = ("previous", "attributes") if previous else ("attributes",)
        prefix = "previous." if previous else ""
        for name in given:
            if name not in declared:
                near = did_you_mean(name, declared) or (f"; it has {', '.join(sorted(declared))}" if declared else "")
                message = f"{node.who}: `{node.product.id}` has no attribute `{name[:100]}`{near}"
                rejections.at_line(node, "attribute-unknown", message, *path, name, key=True)
        found = {}
        defaults = self.reach.defaults(node.product)
        for name in sorted(declared):
            value = given.get(name)
            if value is None:
                if name in defaults:
                    found[name] = defaults[name]
                elif required and declared[name].required:
                    message = f"{node.who}: `{node.product.id}` needs the attribute `{name}`"
                    rejections.at_line(node, "attribute-missing", message)
                    node.broken = True
                continue
            converted, problems = validate_value(unlimited(declared[name]) if previous else declared[name], value)
            for problem in problems:
                message = f"{node.who}: `{prefix}{name}` {problem}"
                rejections.at_line(node, "attribute-misfit", message, *path, name)
            node.broken |= bool(problems)
            found[name] = converted
        return found

    def _components(self, parent: LineNode) -> None:
        if parent.broken:
            return
        seen = self.judge.bindings(parent) if parent.product.components else {}
        for position, rule in enumerate(parent.product.components):
            target = self.reach.catalogue.products[rule.product]
            application = RuleApplication(self.judge, parent, RankedRule(rule, position), target, seen)
            contributions = application.contributions()
            made = [self._component(parent, target, one) for one in contributions]
            if self.reasons.wanted:
                ids = tuple(node.line.id for node in made)
                why = application.outcome.why
                self.reasons.note(Reason("component", parent.line.id, target.id, bool(made), why, ids))
            for node in made:
                self._components(node)

    def _component(self, parent: LineNode, target: Product, made: Contribution) -> LineNode:
        line = Line(
            id=f"{parent.line.id}.{made.rule.as_ or target.id}",
            product=target.id,
            name=target.name,
            quantity=made.quantity,
            action=parent.line.action,
            attributes={},
            sources=(parent.line.id,),
            requested_start=parent.line.requested_start,
            requested_completion=parent.line.requested_completion,
        )
        node = self._checked(line, target, parent, made.attributes, made.previous)
        self._add(node)
        return node

    def _collisions(self) -> None:
        first: dict[str, LineNode] = {}
        for node in self.tree.order_lines:
            other = first.setdefault(node.line.id, node)
            if other is not node:
                message = (
                    f"two order lines would have the id `{node.line.id}`: {_origin(other)} and {_origin(node)}; "
                    "give one of them another id, or the component another `as`"
                )
                self.judge.rejections.at_line(node, "id-collision", message)


def _origin(node: LineNode) -> str:
    if not node.above:
        return f"the order's own `{node.product.id}`"
    return f"`{node.product.id}` in line `{node.above[0].line.id}`"


def earliest(moments: list[datetime | None]) -> datetime | None:
    given = [moment for moment in moments if moment is not None]
    return min(given) if given else None
