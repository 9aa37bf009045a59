"""Decomposition: the rules of products turn order lines into fulfilment lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.cel.evaluation import EvaluationError
from compiler.decomposition.apply_rule import Contribution, RuleApplication
from compiler.decomposition.compile_context import CompileContext, location_suffix, quantity_problem
from compiler.decomposition.line_graph import ORDER_SUFFIX, IdSuffix, LineNode, line_suffix, value_suffix
from compiler.decomposition.named_values import compute_product_lets
from compiler.decomposition.order_lines import OrderLineBuilder
from compiler.decomposition.quantity_and_attribute_merge import MergedLine, merge_contributions
from compiler.decomposition.rule_decision import rule_decision
from compiler.decomposition.running_units import RunningUnits
from compiler.language.order import Order
from compiler.plan.plan import PlannedLine
from compiler.source.findings import did_you_mean, finding_at
from compiler.typecheck.expression_sites import PER_KEYWORDS

LINE_LIMIT = 100_000
"""The most fulfilment lines of one order."""


def decompose(order: Order, context: CompileContext) -> None:
    """Adds the order's lines and their fulfilment lines to the context's graph, or findings to the context."""
    _read_dropped_units(order, context)
    OrderLineBuilder(context).build(order.lines)
    if not context.findings:
        _Decomposer(context).run()


def _read_dropped_units(order: Order, context: CompileContext) -> None:
    """Sets the units that go first. A unit that went before may still be named, so that an order can be sent again."""
    context.dropped_units = frozenset(order.drop_units)
    for position, id_ in enumerate(order.drop_units):
        path = ("drop_units", position)
        if context.units is None:
            message = f"`drop_units` names `{id_}`, and only a running order has units: it is ignored"
            location = context.validation.source.location(path)
            context.warnings.append(finding_at(location, "drop-units-ignored", message, severity="warning"))
        elif id_ not in context.units.known_ids:
            known = context.units.known_ids
            near = did_you_mean(id_, known) or (
                f"; its units are {', '.join(sorted(known)[:10])}" if known else "; it has no units"
            )
            context.reject_at(path, "reference-unknown", f"the running order has no unit `{id_[:100]}`{near}")


@dataclass(slots=True)
class _ContributionGroup:
    """The contributions to one line, or to the units of one quantity."""

    suffix: IdSuffix
    contributions: list[Contribution] = field(default_factory=list)


@dataclass(slots=True)
class _Decomposer:
    """Builds the lines of one product after another, each product after those whose rules lead to it."""

    context: CompileContext
    pending: dict[str, list[Contribution]] = field(default_factory=dict)
    """Product → the contributions to its lines that are not built yet."""
    nodes_by_id: dict[str, LineNode] = field(default_factory=dict)
    limit_exceeded: bool = False
    applied_rules: list[tuple[RuleApplication, list[Contribution]]] = field(default_factory=list)
    """Each rule that was tried, and what it contributes. Recorded only if decisions are logged."""
    produced_ids: dict[tuple[LineNode, int], dict[str, None]] = field(default_factory=dict)
    """Source and rule position → the ids of the lines made. Recorded only if decisions are logged."""

    def run(self) -> None:
        index, graph = self.context.index, self.context.graph
        self.nodes_by_id = {node.line.id: node for node in graph.order_lines}
        for node in graph.order_lines:
            self._apply_rules(node)
        for name in index.topological_order(node.product.id for node in graph.order_lines):
            contributions = self.pending.pop(name, None)
            if contributions:
                self._build_lines(index.catalogue.products[name], contributions)
            if self.limit_exceeded:
                return
        graph.fulfilment_lines.sort(key=lambda node: node.rank)
        for rule, contributions in sorted(self.applied_rules, key=lambda one: one[0].rank):
            ids = tuple(self.produced_ids.get((rule.source, rule.ranked_rule.position), ()))
            if self.context.decision_log.lines_only and not ids:
                continue
            self.context.decision_log.record(rule_decision("rule", rule, contributions, ids))

    def _apply_rules(self, source: LineNode) -> None:
        rules = self.context.index.ordered_rules(source.product)
        if not rules or source.is_invalid:
            return
        bindings = self.context.bindings(source)
        for ranked in rules:
            target = self.context.index.catalogue.products[ranked.rule.product]
            application = RuleApplication(self.context, source, ranked, target, bindings)
            contributions = application.apply()
            self.pending.setdefault(target.id, []).extend(contributions)
            if self.context.decision_log.enabled:
                self.applied_rules.append((application, contributions))

    def _build_lines(self, product: Product, contributions: list[Contribution]) -> None:
        groups: dict[Any, _ContributionGroup] = {}
        for contribution in sorted(contributions, key=lambda one: one.rank):
            for suffix in self._suffixes(product, contribution):
                group = groups.setdefault(suffix.identity, _ContributionGroup(suffix))
                group.contributions.append(contribution)
        for group in groups.values():
            for node in self._build_nodes(product, group):
                if len(self.context.graph.fulfilment_lines) >= LINE_LIMIT:
                    self.limit_exceeded = True
                    message = f"the order has more than {LINE_LIMIT} fulfilment lines, from {node.label} on: split it"
                    self.context.reject(node, "order-too-large", message)
                    return
                self._add_node(node)
                if self.context.decision_log.enabled:
                    for one in group.contributions:
                        self.produced_ids.setdefault((one.source, one.rank[-2]), {})[node.line.id] = None

    def _suffixes(self, product: Product, one: Contribution) -> Iterator[IdSuffix]:
        """The lines of `product` that a contribution goes to: one per top-level line with `per: bundle`, else one.

        If a `per` expression fails, there are no lines, and there is a finding.
        """
        per, name, source = product.per, one.rule.as_, one.source
        if per == "bundle":
            yield from (line_suffix(top.line.id).with_name(name) for top in source.top_level_lines)
        elif per == "order":
            yield ORDER_SUFFIX.with_name(name)
        elif per in PER_KEYWORDS:
            suffix = source.suffix.with_name(name)
            yield suffix.with_element(one.element.key, one.element.identity) if one.element else suffix
        else:
            try:
                value = self.context.evaluate_per(per, source)
            except EvaluationError as error:
                self.context.report_failure(source, f"`per` of `{product.id}`", product.location, error)
                return
            suffix = source.suffix.fallback if value is None else value_suffix(per, value)
            yield suffix.with_name(name)

    def _build_nodes(self, product: Product, group: _ContributionGroup) -> Iterator[LineNode]:
        merged = merge_contributions(product, group.contributions, self.context.index.attribute_defaults(product))
        counted = product.per == "unit" and not product.single_quantity
        if not counted and not self.context.allows_quantity(product, merged.quantity):
            merged.problems.append(("quantity-invalid", _quantity_message(product, group, merged.quantity)))
        node = self._build_node(product, group, merged)
        for code, problem in merged.problems:
            self.context.reject(node, code, f"{node.label} {problem}")
        if product.per != "unit" or merged.problems:
            yield node
            return
        if not isinstance(merged.quantity, int):
            message = f"{node.label} would be {merged.quantity} units, and must be a whole number of units"
            self.context.reject(node, "quantity-invalid", message)
            return
        units, dropped = self.context.units or RunningUnits(), self.context.dropped_units
        if problem := units.drop_problem(node.line.id, merged.quantity, dropped):
            self.context.reject(node, "drop-units-misfit", f"the quantity of `{node.line.id}` {problem}")
            return
        for number in units.choose(node.line.id, merged.quantity, dropped):
            suffix = group.suffix.with_unit(number)
            each = node.line.each if group.contributions[0].element else number
            line = replace(node.line, id=f"{product.id}{suffix.text}", quantity=1, each=each, index=number)
            yield LineNode(line, product, suffix, (*node.rank, number), node.parents)

    def _build_node(self, product: Product, group: _ContributionGroup, merged: MergedLine) -> LineNode:
        first = group.contributions[0]
        sources = tuple(dict.fromkeys(one.source for one in group.contributions))
        element = first.element if product.per in ("line", "unit") else None
        external_ids: dict[str, str] = {}
        for source in reversed(sources):
            external_ids |= source.line.external_ids
        line = PlannedLine(
            id=f"{product.id}{group.suffix.text}",
            product=product.id,
            name=product.name,
            quantity=product.typed_quantity(merged.quantity),
            action=merged.action,
            attributes=merged.attributes,
            sources=tuple(source.line.id for source in sources),
            per=product.per,
            previous=merged.previous,
            each=element.value if element else None,
            index=element.index if element else None,
            requested_start=_earliest(source.line.requested_start for source in sources),
            requested_completion=_earliest(source.line.requested_completion for source in sources),
            external_ids=external_ids,
        )
        return LineNode(line, product, group.suffix, first.rank, sources, is_invalid=bool(merged.problems))

    def _add_node(self, node: LineNode) -> None:
        other = self.nodes_by_id.setdefault(node.line.id, node)
        if other is not node:
            message = (
                f"two different things would have the id `{node.line.id}`: {_origin(other)}, and {_origin(node)}; "
                "keep them apart with `as`, `key` or other ids"
            )
            self.context.reject(node, "id-collision", message)
            return
        self.context.graph.fulfilment_lines.append(node)
        for source in node.parents:
            source.fulfilment_lines.append(node)
        compute_product_lets(node, self.context)
        self._apply_rules(node)


def _quantity_message(product: Product, group: _ContributionGroup, quantity: int | float) -> str:
    misfits = (one for one in group.contributions if not product.allows_quantity(one.quantity))
    first = next(misfits, group.contributions[0])
    return f"gets a quantity from {first.source.label} by the rule{location_suffix(first.rule.location)} that " + (
        quantity_problem(product, quantity)
    )


def _origin(node: LineNode) -> str:
    if node.is_order_line:
        return "the order's line"
    return f"what {' and '.join(source.label for source in islice(node.parents, 3))} makes"


def _earliest(times: Iterator[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)
