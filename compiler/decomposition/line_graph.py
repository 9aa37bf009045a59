"""Order lines and fulfilment lines as they stand below each other while a plan is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from compiler.catalogue.catalogue import Product, Step
from compiler.language.steps import StepKey
from compiler.plan.bindings import line_bindings
from compiler.plan.plan import PlannedLine
from compiler.values import as_text

LineIdentity = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class IdSuffix:
    """What tells the lines of one product apart: `@1.3`, `@1~spare`, `@r-mgmt`, or nothing.

    Two suffixes may read the same and yet mean different things; `identity` tells.
    """

    text: str
    identity: LineIdentity

    def with_name(self, name: str | None) -> IdSuffix:
        """Kept apart by a rule's `as`."""
        return IdSuffix(f"{self.text}~{name}", (*self.identity, ("as", name))) if name else self

    def with_element(self, key: str, identity: LineIdentity) -> IdSuffix:
        """Of an element of a list."""
        return IdSuffix(f"{self.text}~{percent_encode(key)}", (*self.identity, identity))

    def with_unit(self, number: int) -> IdSuffix:
        return IdSuffix(f"{self.text}#{number}", (*self.identity, ("unit", number)))

    @property
    def fallback(self) -> IdSuffix:
        """Where an expression that would have told lines apart is empty."""
        return IdSuffix(f"@line:{self.text.removeprefix('@')}", (("fallback",), *self.identity))


def line_suffix(order_line: str) -> IdSuffix:
    """Of what stands for an order line, or for a top-level one and everything under it."""
    return IdSuffix(f"@{order_line}", (("line", order_line),))


def value_suffix(expression: str, text: str, identity: LineIdentity) -> IdSuffix:
    return IdSuffix(f"@{percent_encode(text)}", (("value", expression.strip(), *identity),))


ORDER_SUFFIX = IdSuffix("", ())


def percent_encode(value: str) -> str:
    """Percent-encoded but for RFC 3986's unreserved characters."""
    return quote(value, safe="", errors="surrogatepass")


@dataclass(eq=False)
class LineNode:
    """An order line or a fulfilment line, with the lines that it stands below and those that stand below it."""

    line: PlannedLine
    product: Product
    suffix: IdSuffix
    rank: tuple[int, ...]
    """Where it comes among all lines: in the order of the order's lines and of the rules."""
    parents: tuple[LineNode, ...] = ()
    """Of an order line its parent, if any; of a fulfilment line the lines whose rules made it."""
    fulfilment_lines: list[LineNode] = field(default_factory=list)
    """The fulfilment lines that its rules made."""
    children: list[LineNode] = field(default_factory=list)
    """Of an order line."""
    is_invalid: bool = False
    """Something is wrong with it: nothing further is derived from it."""
    step_instances: dict[StepKey, list[StepInstance]] = field(default_factory=dict)
    """The steps that serve it."""

    @property
    def is_order_line(self) -> bool:
        return self.line.per is None

    @property
    def label(self) -> str:
        """For messages."""
        return f"line `{self.line.id}`" if self.is_order_line else f"`{self.line.id}`"

    @cached_property
    def ancestor_order_lines(self) -> frozenset[LineNode]:
        """Every order line that it stands below, or is."""
        if len(self.parents) == 1 and not self.is_order_line:
            return self.parents[0].ancestor_order_lines
        found = (
            frozenset().union(*(node.ancestor_order_lines for node in self.parents)) if self.parents else frozenset()
        )
        return found | {self} if self.is_order_line else found

    @cached_property
    def parent_set(self) -> frozenset[LineNode]:
        return frozenset(self.parents)

    @cached_property
    def top_level_lines(self) -> tuple[LineNode, ...]:
        """The top-level order lines that it stands below, or the one that it is, in the order's order."""
        if not self.parents:
            return (self,)
        if len(self.parents) == 1:
            return self.parents[0].top_level_lines
        return tuple(sorted({top for node in self.parents for top in node.top_level_lines}, key=lambda top: top.rank))

    @cached_property
    def source_order_lines(self) -> tuple[LineNode, ...]:
        """The order lines that it belongs to: itself, or those whose rules made it, directly or not."""
        if self.is_order_line:
            return (self,)
        if len(self.parents) == 1:
            return self.parents[0].source_order_lines
        return tuple(
            sorted({line for node in self.parents for line in node.source_order_lines}, key=lambda line: line.rank)
        )

    @cached_property
    def bindings(self) -> dict[str, Any]:
        """What expressions over this line see, but `order`."""
        return line_bindings(self.line)

    @cached_property
    def shared_scope(self) -> str | None:
        """`order` or `bundle` where it stands once for all of that, whoever brought it."""
        if self.is_order_line:
            return None
        if self.line.per in ("order", "bundle"):
            return self.line.per
        if self.line.per != "line":
            return None
        once = {node.shared_scope for node in self.parents}
        if None in once:
            return None
        return "bundle" if "bundle" in once else "order"

    @cached_property
    def decomposition(self) -> tuple[LineNode, ...]:
        """Itself and what it decomposes into, by itself: child order lines left out. Each once, in their order."""
        return _collect_descendants(self, lambda node: node.fulfilment_lines)

    @cached_property
    def subtree(self) -> tuple[LineNode, ...]:
        """Itself, its decomposition, its child order lines and everything under them."""
        return _collect_descendants(self, lambda node: [*node.fulfilment_lines, *node.children])


def _collect_descendants(start: LineNode, get_children: Any) -> tuple[LineNode, ...]:
    found: dict[LineNode, None] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting += reversed(get_children(node))
    return tuple(found)


@dataclass(slots=True)
class LineGraph:
    """All lines of an order."""

    top_level_lines: list[LineNode] = field(default_factory=list)
    order_lines: list[LineNode] = field(default_factory=list)
    """Depth first, components after the line that they belong to."""
    fulfilment_lines: list[LineNode] = field(default_factory=list)
    """Fulfilment lines, in their order."""

    def __iter__(self) -> Iterator[LineNode]:
        yield from self.order_lines
        yield from self.fulfilment_lines


def value_identity(value: Any) -> tuple[Any, ...]:
    """Tells values apart that read the same: the text `1` and the number 1. Numbers that are equal are the same."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, str):
        return ("text", value)
    return (type(value).__name__, value_text(value))


def value_text(value: Any) -> str:
    """A value in an id; of an object the same whichever order its keys come in."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text, ensure_ascii=False, sort_keys=True)
    return as_text(value)


ValueIdentity = tuple[Any, ...]


@dataclass(eq=False, slots=True)
class StepInstance:
    """One instance of a step, with the lines that it serves."""

    id: str
    step: Step
    step_key: StepKey
    nodes: list[LineNode] = field(default_factory=list)
    per_value: ValueIdentity | None = None
    """Of a step `per` an expression: what it stands for; None where that is empty."""
    top_level_line: LineNode | None = None
    """Of a step `per: bundle`: the top-level line that it stands once for."""
    predecessors: set[StepInstance] = field(default_factory=set)
    position: int = -1

    @property
    def rank(self) -> tuple[int, ...]:
        return self.nodes[0].rank
