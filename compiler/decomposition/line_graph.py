"""Order lines and fulfilment lines as they stand below each other while a plan is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from compiler.catalogue.catalogue import Product, Step
from compiler.cel.evaluation import as_text
from compiler.plan.bindings import line_bindings
from compiler.plan.plan import Line

Identity = tuple[Any, ...]
StepKey = tuple[str, str]
"""Workstream and step."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """What tells the lines of one product apart: `@1.3`, `@1~spare`, `@r-mgmt`, or nothing.

    Two suffixes may read the same and yet mean different things; `identity` tells.
    """

    text: str
    identity: Identity

    def named(self, name: str | None) -> Suffix:
        """Kept apart by a rule's `as`."""
        return Suffix(f"{self.text}~{name}", (*self.identity, ("as", name))) if name else self

    def element(self, key: str, identity: Identity) -> Suffix:
        """Of an element of a list."""
        return Suffix(f"{self.text}~{encoded(key)}", (*self.identity, identity))

    def unit(self, number: int) -> Suffix:
        return Suffix(f"{self.text}#{number}", (*self.identity, ("unit", number)))

    @property
    def fallback(self) -> Suffix:
        """Where an expression that would have told lines apart is empty."""
        return Suffix(f"@line:{self.text.removeprefix('@')}", (("fallback",), *self.identity))


def line_suffix(order_line: str) -> Suffix:
    """Of what stands for an order line, or for a top-level one and everything under it."""
    return Suffix(f"@{order_line}", (("line", order_line),))


def value_suffix(expression: str, text: str, identity: Identity) -> Suffix:
    return Suffix(f"@{encoded(text)}", (("value", expression.strip(), *identity),))


ORDER_SUFFIX = Suffix("", ())


def encoded(value: str) -> str:
    """Percent-encoded but for RFC 3986's unreserved characters."""
    return quote(value, safe="", errors="surrogatepass")


@dataclass(eq=False)
class LineNode:
    """An order line or a fulfilment line, with the lines that it stands below and those that stand below it."""

    line: Line
    product: Product
    suffix: Suffix
    rank: tuple[int, ...]
    """Where it comes among all lines: in the order of the order's lines and of the rules."""
    above: tuple[LineNode, ...] = ()
    """Of an order line its parent, if any; of a fulfilment line the lines whose rules made it."""
    made: list[LineNode] = field(default_factory=list)
    """The fulfilment lines that its rules made."""
    children: list[LineNode] = field(default_factory=list)
    """Of an order line."""
    broken: bool = False
    """Something is wrong with it: nothing further is derived from it."""
    instances: dict[StepKey, list[StepInstance]] = field(default_factory=dict)
    """The steps that serve it."""

    @property
    def is_order_line(self) -> bool:
        return self.line.per is None

    @property
    def who(self) -> str:
        """For messages."""
        return f"line `{self.line.id}`" if self.is_order_line else f"`{self.line.id}`"

    @cached_property
    def owners(self) -> frozenset[LineNode]:
        """Every order line that it stands below, or is."""
        if len(self.above) == 1 and not self.is_order_line:
            return self.above[0].owners
        found = frozenset().union(*(node.owners for node in self.above)) if self.above else frozenset()
        return found | {self} if self.is_order_line else found

    @cached_property
    def all_above(self) -> frozenset[LineNode]:
        return frozenset(self.above)

    @cached_property
    def tops(self) -> tuple[LineNode, ...]:
        """The top-level order lines that it stands below, or the one that it is, in the order's order."""
        if not self.above:
            return (self,)
        if len(self.above) == 1:
            return self.above[0].tops
        return tuple(sorted({top for node in self.above for top in node.tops}, key=lambda top: top.rank))

    @cached_property
    def order_lines(self) -> tuple[LineNode, ...]:
        """The order lines that it belongs to: itself, or those whose rules made it, directly or not."""
        if self.is_order_line:
            return (self,)
        if len(self.above) == 1:
            return self.above[0].order_lines
        return tuple(sorted({line for node in self.above for line in node.order_lines}, key=lambda line: line.rank))

    @cached_property
    def bindings(self) -> dict[str, Any]:
        """What expressions over this line see, but `order`."""
        return line_bindings(self.line)

    @cached_property
    def stands_once(self) -> str | None:
        """`order` or `bundle` where it stands once for all of that, whoever brought it."""
        if self.is_order_line:
            return None
        if self.line.per in ("order", "bundle"):
            return self.line.per
        if self.line.per != "line":
            return None
        once = {node.stands_once for node in self.above}
        if None in once:
            return None
        return "bundle" if "bundle" in once else "order"

    @cached_property
    def decomposition(self) -> tuple[LineNode, ...]:
        """Itself and what it decomposes into, by itself: child order lines left out. Each once, in their order."""
        return _each_once(self, lambda node: node.made)

    @cached_property
    def everything_under(self) -> tuple[LineNode, ...]:
        """Itself, its decomposition, its child order lines and everything under them."""
        return _each_once(self, lambda node: [*node.made, *node.children])


def _each_once(start: LineNode, below: Any) -> tuple[LineNode, ...]:
    found: dict[LineNode, None] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting += reversed(below(node))
    return tuple(found)


@dataclass(slots=True)
class LineTree:
    """All lines of an order."""

    tops: list[LineNode] = field(default_factory=list)
    order_lines: list[LineNode] = field(default_factory=list)
    """Depth first, components after the line that they belong to."""
    lines: list[LineNode] = field(default_factory=list)
    """Fulfilment lines, in their order."""

    def __iter__(self) -> Iterator[LineNode]:
        yield from self.order_lines
        yield from self.lines


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
    key: StepKey
    nodes: list[LineNode] = field(default_factory=list)
    value: ValueIdentity | None = None
    """Of a step `per` an expression: what it stands for; None where that is empty."""
    top: LineNode | None = None
    """Of a step `per: bundle`: the top-level line that it stands once for."""
    after: set[StepInstance] = field(default_factory=set)
    position: int = -1

    @property
    def rank(self) -> tuple[int, ...]:
        return self.nodes[0].rank
