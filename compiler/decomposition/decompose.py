"""Decomposition: from order lines to fulfilment lines, by the rules of the products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.apply_rule import Contribution, RuleApplication, RuleOutcome
from compiler.decomposition.expression_evaluator import ExpressionEvaluator
from compiler.decomposition.line_graph import (
    ORDER_SUFFIX,
    IdSuffix,
    LineGraph,
    LineNode,
    line_suffix,
    value_identity,
    value_suffix,
    value_text,
)
from compiler.decomposition.order_lines import OrderLineBuilder, earliest
from compiler.decomposition.quantity_and_attribute_merge import MergedLine, merge_contributions
from compiler.language.order import Order
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.plan import PlannedLine
from compiler.typecheck.expression_sites import PER_KEYWORDS

LINE_LIMIT = 100_000
"""Lines of one order, fulfilment lines included."""


def decompose(
    order: Order, catalogue_index: CatalogueIndex, evaluator: ExpressionEvaluator, decision_log: DecisionLog
) -> LineGraph:
    """The order's lines and the fulfilment lines that they come to. What is wrong is told to the judge's rejections."""
    tree = LineGraph()
    OrderLineBuilder(catalogue_index, evaluator, decision_log, tree).build(order.lines)
    if not evaluator.rejections.findings:
        _Decomposer(catalogue_index, evaluator, decision_log, tree).run()
    return tree


@dataclass(slots=True)
class _ContributionGroup:
    """The contributions that meet in one line, or in the units of one quantity."""

    suffix: IdSuffix
    contributions: list[Contribution] = field(default_factory=list)


@dataclass(slots=True)
class _Decomposer:
    """Takes the products one by one, each after those whose rules may lead to it."""

    catalogue_index: CatalogueIndex
    evaluator: ExpressionEvaluator
    decision_log: DecisionLog
    graph: LineGraph
    pending: dict[str, list[Contribution]] = field(default_factory=dict)
    nodes_by_id: dict[str, Any] = field(default_factory=dict)
    limit_exceeded: bool = False
    rule_outcomes: list[tuple[LineNode, int, str, RuleOutcome]] = field(default_factory=list)
    produced_ids: dict[tuple[LineNode, int], dict[str, None]] = field(default_factory=dict)
    """The ids of the lines that a source's rule made; only where reasons are wanted."""

    def run(self) -> None:
        self.nodes_by_id = {node.line.id: node for node in self.graph.order_lines}
        for node in self.graph.order_lines:
            self._apply_rules(node)
        for name in self.catalogue_index.topological_order(node.product.id for node in self.graph.order_lines):
            contributions = self.pending.pop(name, None)
            if contributions:
                self._build_lines(self.catalogue_index.catalogue.products[name], contributions)
            if self.limit_exceeded:
                return
        self.graph.fulfilment_lines.sort(key=lambda node: node.rank)
        for source, position, name, outcome in sorted(self.rule_outcomes, key=lambda one: (one[0].rank, one[1])):
            ids = tuple(self.produced_ids.get((source, position), ()))
            self.decision_log.record(PlanDecision("rule", source.line.id, name, outcome.applied, outcome.reason, ids))

    def _apply_rules(self, source: LineNode) -> None:
        rules = self.catalogue_index.ordered_rules(source.product)
        if not rules or source.is_invalid:
            return
        seen = self.evaluator.bindings(source)
        for ranked in rules:
            target = self.catalogue_index.catalogue.products[ranked.rule.product]
            application = RuleApplication(self.evaluator, source, ranked, target, seen)
            contributions = application.apply()
            self.pending.setdefault(target.id, []).extend(contributions)
            if self.decision_log.enabled:
                name = f"{target.id}~{ranked.rule.as_}" if ranked.rule.as_ else target.id
                self.rule_outcomes.append((source, ranked.position, name, application.outcome))

    def _build_lines(self, product: Product, contributions: list[Contribution]) -> None:
        groups: dict[Any, _ContributionGroup] = {}
        for contribution in sorted(contributions, key=lambda one: one.rank):
            for suffix in self._suffixes(product, contribution):
                group = groups.setdefault(suffix.identity, _ContributionGroup(suffix))
                group.contributions.append(contribution)
        for group in groups.values():
            for node in self._build_nodes(product, group):
                if len(self.graph.fulfilment_lines) >= LINE_LIMIT:
                    self._reject_too_large(node)
                    return
                self._add_node(node)
                if self.decision_log.enabled:
                    for one in group.contributions:
                        self.produced_ids.setdefault((one.source, one.rank[-2]), {})[node.line.id] = None

    def _reject_too_large(self, node: LineNode) -> None:
        self.limit_exceeded = True
        message = f"the order comes to more than {LINE_LIMIT} fulfilment lines, at {node.label}: split it"
        self.evaluator.rejections.add_line_finding(node, "order-too-large", message)

    def _suffixes(self, product: Product, one: Contribution) -> Iterator[IdSuffix]:
        """The lines of `product` that a contribution goes to: one, but per bundle one for each top-level line."""
        per, name, source = product.per, one.rule.as_, one.source
        if per == "bundle":
            yield from (line_suffix(top.line.id).with_name(name) for top in source.top_level_lines)
        elif per == "order":
            yield ORDER_SUFFIX.with_name(name)
        elif per in PER_KEYWORDS:
            suffix = source.suffix.with_name(name)
            yield suffix.with_element(one.element.key, one.element.identity) if one.element else suffix
        else:
            told_apart = self._value_suffix(product, per, source)
            if told_apart is not None:
                yield told_apart.with_name(name)

    def _value_suffix(self, product: Product, per: str, source: LineNode) -> IdSuffix | None:
        try:
            value = evaluate(per, self.evaluator.bindings(source))
        except EvaluationError as error:
            if not error.is_missing_value:
                self.evaluator.report_failure(source, f"`per` of `{product.id}`", product.location, error)
                return None
            value = None
        if value is None or value == "":
            return source.suffix.fallback
        return value_suffix(per, value_text(value), value_identity(value))

    def _build_nodes(self, product: Product, group: _ContributionGroup) -> Iterator[LineNode]:
        result = merge_contributions(product, group.contributions, self.catalogue_index.attribute_defaults(product))
        node = self._build_node(product, group, result)
        for code, problem in result.problems:
            self.evaluator.rejections.add_line_finding(node, code, f"{node.label} {problem}")
        if product.per != "unit" or result.problems:
            yield node
            return
        if not isinstance(result.quantity, int):
            message = f"{node.label} would be {result.quantity} units: units are whole ones"
            self.evaluator.rejections.add_line_finding(node, "quantity-invalid", message)
            return
        for number in range(1, result.quantity + 1):
            suffix = group.suffix.with_unit(number)
            each = node.line.each if group.contributions[0].element else number
            line = replace(node.line, id=f"{product.id}{suffix.text}", quantity=1, each=each, index=number)
            yield LineNode(line, product, suffix, (*node.rank, number), node.parents)

    def _build_node(self, product: Product, group: _ContributionGroup, merged: MergedLine) -> LineNode:
        contributions = group.contributions
        first = contributions[0]
        sources = tuple(dict.fromkeys(one.source for one in contributions))
        element = first.element if product.per in ("line", "unit") else None
        external_ids: dict[str, str] = {}
        for source in reversed(sources):
            external_ids |= source.line.external_ids
        line = PlannedLine(
            id=f"{product.id}{group.suffix.text}",
            product=product.id,
            name=product.name,
            quantity=merged.quantity,
            action=merged.action,
            attributes=merged.attributes,
            sources=tuple(source.line.id for source in sources),
            per=product.per,
            previous=merged.previous,
            each=element.value if element else None,
            index=element.index if element else None,
            requested_start=earliest([source.line.requested_start for source in sources]),
            requested_completion=earliest([source.line.requested_completion for source in sources]),
            external_ids=external_ids,
        )
        return LineNode(line, product, group.suffix, first.rank, sources, is_invalid=bool(merged.problems))

    def _add_node(self, node: LineNode) -> None:
        other = self.nodes_by_id.setdefault(node.line.id, node)
        if other is not node:
            message = f"two different things would have the id {_collision_message(other, node)}"
            self.evaluator.rejections.add_line_finding(node, "id-collision", message)
            return
        self.graph.fulfilment_lines.append(node)
        for source in node.parents:
            source.fulfilment_lines.append(node)
        self._apply_rules(node)


def _collision_message(one: LineNode, other: LineNode) -> str:
    def origin(node: LineNode) -> str:
        if node.is_order_line:
            return "the order's line"
        return f"what {' and '.join(source.label for source in islice(node.parents, 3))} makes"

    return f"`{other.line.id}`: {origin(one)}, and {origin(other)}; keep them apart with `as`, `key` or other ids"
