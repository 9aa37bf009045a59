"""Decomposition: from order lines to fulfilment lines, by the rules of the products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import Reach
from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.decomposition.expression_evaluator import MISSING_VALUE, Judge
from compiler.decomposition.line_graph import (
    ORDER_SUFFIX,
    LineNode,
    LineTree,
    Suffix,
    line_suffix,
    value_identity,
    value_suffix,
    value_text,
)
from compiler.decomposition.merging import Merged, merged
from compiler.decomposition.order_lines import OrderLines, earliest
from compiler.decomposition.rule_application import Contribution, Outcome, RuleApplication
from compiler.language.order import Order
from compiler.plan.decision_log import Reason, Reasons
from compiler.plan.plan import Line
from compiler.typecheck.expression_sites import SCOPE_WORDS

LINE_LIMIT = 100_000
"""Lines of one order, fulfilment lines included."""


def decompose(order: Order, reach: Reach, judge: Judge, reasons: Reasons) -> LineTree:
    """The order's lines and the fulfilment lines that they come to. What is wrong is told to the judge's rejections."""
    tree = LineTree()
    OrderLines(reach, judge, reasons, tree).build(order.lines)
    if not judge.rejections.findings:
        _Decomposition(reach, judge, reasons, tree).run()
    return tree


@dataclass(slots=True)
class _Group:
    """The contributions that meet in one line, or in the units of one quantity."""

    suffix: Suffix
    contributions: list[Contribution] = field(default_factory=list)


@dataclass(slots=True)
class _Decomposition:
    """Takes the products one by one, each after those whose rules may lead to it."""

    reach: Reach
    judge: Judge
    reasons: Reasons
    tree: LineTree
    pending: dict[str, list[Contribution]] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    too_many: bool = False
    told: list[tuple[LineNode, int, str, Outcome]] = field(default_factory=list)
    made: dict[tuple[LineNode, int], dict[str, None]] = field(default_factory=dict)
    """The ids of the lines that a source's rule made; only where reasons are wanted."""

    def run(self) -> None:
        self.ids = {node.line.id: node for node in self.tree.order_lines}
        for node in self.tree.order_lines:
            self._apply_rules(node)
        for name in self.reach.in_order(node.product.id for node in self.tree.order_lines):
            contributions = self.pending.pop(name, None)
            if contributions:
                self._make(self.reach.catalogue.products[name], contributions)
            if self.too_many:
                return
        self.tree.lines.sort(key=lambda node: node.rank)
        for source, position, name, outcome in sorted(self.told, key=lambda one: (one[0].rank, one[1])):
            ids = tuple(self.made.get((source, position), ()))
            self.reasons.note(Reason("rule", source.line.id, name, outcome.applied, outcome.why, ids))

    def _apply_rules(self, source: LineNode) -> None:
        rules = self.reach.rules(source.product)
        if not rules or source.broken:
            return
        seen = self.judge.bindings(source)
        for ranked in rules:
            target = self.reach.catalogue.products[ranked.rule.product]
            application = RuleApplication(self.judge, source, ranked, target, seen)
            contributions = application.contributions()
            self.pending.setdefault(target.id, []).extend(contributions)
            if self.reasons.wanted:
                name = f"{target.id}~{ranked.rule.as_}" if ranked.rule.as_ else target.id
                self.told.append((source, ranked.position, name, application.outcome))

    def _make(self, product: Product, contributions: list[Contribution]) -> None:
        groups: dict[Any, _Group] = {}
        for contribution in sorted(contributions, key=lambda one: one.rank):
            for suffix in self._suffixes(product, contribution):
                group = groups.setdefault(suffix.identity, _Group(suffix))
                group.contributions.append(contribution)
        for group in groups.values():
            for node in self._nodes(product, group):
                if len(self.tree.lines) >= LINE_LIMIT:
                    self._give_up(node)
                    return
                self._add(node)
                if self.reasons.wanted:
                    for one in group.contributions:
                        self.made.setdefault((one.source, one.rank[-2]), {})[node.line.id] = None

    def _give_up(self, node: LineNode) -> None:
        self.too_many = True
        message = f"the order comes to more than {LINE_LIMIT} fulfilment lines, at {node.who}: split it"
        self.judge.rejections.at_line(node, "order-too-large", message)

    def _suffixes(self, product: Product, one: Contribution) -> Iterator[Suffix]:
        """The lines of `product` that a contribution goes to: one, but per bundle one for each top-level line."""
        per, name, source = product.per, one.rule.as_, one.source
        if per == "bundle":
            yield from (line_suffix(top.line.id).named(name) for top in source.tops)
        elif per == "order":
            yield ORDER_SUFFIX.named(name)
        elif per in SCOPE_WORDS:
            suffix = source.suffix.named(name)
            yield suffix.element(one.element.key, one.element.identity) if one.element else suffix
        else:
            told_apart = self._by_value(product, per, source)
            if told_apart is not None:
                yield told_apart.named(name)

    def _by_value(self, product: Product, per: str, source: LineNode) -> Suffix | None:
        try:
            value = evaluate(per, self.judge.bindings(source))
        except EvaluationError as error:
            if not str(error).startswith(MISSING_VALUE):
                self.judge.failed(source, f"`per` of `{product.id}`", product.place, error)
                return None
            value = None
        if value is None or value == "":
            return source.suffix.fallback
        return value_suffix(per, value_text(value), value_identity(value))

    def _nodes(self, product: Product, group: _Group) -> Iterator[LineNode]:
        result = merged(product, group.contributions, self.reach.defaults(product))
        node = self._node(product, group, result)
        for code, problem in result.problems:
            self.judge.rejections.at_line(node, code, f"{node.who} {problem}")
        if product.per != "unit" or result.problems:
            yield node
            return
        if not isinstance(result.quantity, int):
            message = f"{node.who} would be {result.quantity} units: units are whole ones"
            self.judge.rejections.at_line(node, "quantity-invalid", message)
            return
        for number in range(1, result.quantity + 1):
            suffix = group.suffix.unit(number)
            each = node.line.each if group.contributions[0].element else number
            line = replace(node.line, id=f"{product.id}{suffix.text}", quantity=1, each=each, index=number)
            yield LineNode(line, product, suffix, (*node.rank, number), node.above)

    def _node(self, product: Product, group: _Group, result: Merged) -> LineNode:
        contributions = group.contributions
        first = contributions[0]
        sources = tuple(dict.fromkeys(one.source for one in contributions))
        element = first.element if product.per in ("line", "unit") else None
        external_ids: dict[str, str] = {}
        for source in reversed(sources):
            external_ids |= source.line.external_ids
        line = Line(
            id=f"{product.id}{group.suffix.text}",
            product=product.id,
            name=product.name,
            quantity=result.quantity,
            action=result.action,
            attributes=result.attributes,
            sources=tuple(source.line.id for source in sources),
            per=product.per,
            previous=result.previous,
            each=element.value if element else None,
            index=element.index if element else None,
            requested_start=earliest([source.line.requested_start for source in sources]),
            requested_completion=earliest([source.line.requested_completion for source in sources]),
            external_ids=external_ids,
        )
        return LineNode(line, product, group.suffix, first.rank, sources, broken=bool(result.problems))

    def _add(self, node: LineNode) -> None:
        other = self.ids.setdefault(node.line.id, node)
        if other is not node:
            message = f"two different things would have the id {_told_apart(other, node)}"
            self.judge.rejections.at_line(node, "id-collision", message)
            return
        self.tree.lines.append(node)
        for source in node.above:
            source.made.append(node)
        self._apply_rules(node)


def _told_apart(one: LineNode, other: LineNode) -> str:
    def origin(node: LineNode) -> str:
        if node.is_order_line:
            return "the order's line"
        return f"what {' and '.join(source.who for source in islice(node.above, 3))} makes"

    return f"`{other.line.id}`: {origin(one)}, and {origin(other)}; keep them apart with `as`, `key` or other ids"
