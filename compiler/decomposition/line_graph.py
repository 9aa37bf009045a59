"""The graph of order lines, fulfilment lines and their steps, which the compiler builds for one order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from compiler.catalogue.catalogue import Product, Step
from compiler.graph import walk
from compiler.language.steps import StepKey
from compiler.plan.bindings import line_bindings
from compiler.plan.plan import PlannedLine
from compiler.values import as_text

LineIdentity = tuple[Any, ...]
ValueIdentity = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class IdSuffix:
    """The part of a line's id after its product, for example `@1.3`, `@1~spare` or `@r-mgmt`. It may be empty.

    Two suffixes can have equal texts but mean different things. Then their identities differ.
    """

    text: str
    identity: LineIdentity

    def is_start_of(self, other: IdSuffix) -> bool:
        return other.identity[: len(self.identity)] == self.identity

    def with_name(self, name: str | None) -> IdSuffix:
        """With the `as` of a rule, if there is one."""
        return IdSuffix(f"{self.text}~{name}", (*self.identity, ("as", name))) if name else self

    def with_element(self, key: str, identity: LineIdentity) -> IdSuffix:
        """With the key of an element of a `for_each` list."""
        return IdSuffix(f"{self.text}~{percent_encode(key)}", (*self.identity, identity))

    def with_unit(self, number: int) -> IdSuffix:
        return IdSuffix(f"{self.text}#{number}", (*self.identity, ("unit", number)))

    @property
    def fallback(self) -> IdSuffix:
        """Used if the value of a `per` expression is empty."""
        return IdSuffix(f"@line:{self.text.removeprefix('@')}", (("fallback",), *self.identity))


ORDER_SUFFIX = IdSuffix("", ())


def line_suffix(order_line: str) -> IdSuffix:
    """The suffix of an order line, or of something that exists once per top-level line."""
    return IdSuffix(f"@{order_line}", (("line", order_line),))


def value_suffix(expression: str, value: Any) -> IdSuffix:
    """The suffix of something that exists once per value of a `per` expression."""
    return IdSuffix(f"@{percent_encode(value_text(value))}", (("value", expression.strip(), *value_identity(value)),))


def percent_encode(value: str) -> str:
    """Encodes all characters except RFC 3986's unreserved ones."""
    return quote(value, safe="", errors="surrogatepass")


def value_identity(value: Any) -> ValueIdentity:
    """Tells values with the same text apart, for example `"1"` and 1. Equal numbers have the same identity."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, str):
        return ("text", value)
    return (type(value).__name__, value_text(value))


def value_text(value: Any) -> str:
    """A value as part of an id. The order of an object's keys does not matter."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text, ensure_ascii=False, sort_keys=True)
    return as_text(value)


@dataclass(eq=False)
class LineNode:
    """An order line or a fulfilment line, with the lines above and below it."""

    line: PlannedLine
    product: Product
    suffix: IdSuffix
    rank: tuple[int, ...]
    """The sort key among all lines. It consists of the positions of order lines, rules and list elements."""
    parents: tuple[LineNode, ...] = ()
    """For an order line, its parent, if any. For a fulfilment line, the lines whose rules made it."""
    fulfilment_lines: list[LineNode] = field(default_factory=list)
    """The fulfilment lines made by the rules of this line's product."""
    children: list[LineNode] = field(default_factory=list)
    """The child lines of an order line."""
    is_invalid: bool = False
    """The line has a finding, so its rules are not applied."""
    step_instances: dict[StepKey, list[StepInstance]] = field(default_factory=dict)
    """The steps that serve this line."""

    def replace_line(self, line: PlannedLine) -> None:
        """Gives the node its line with other values, which expressions read from now on."""
        self.line = line
        self.__dict__.pop("bindings", None)

    @property
    def is_order_line(self) -> bool:
        return self.line.per is None

    @property
    def label(self) -> str:
        """The line's name in messages."""
        return f"line `{self.line.id}`" if self.is_order_line else f"`{self.line.id}`"

    @cached_property
    def ancestor_order_lines(self) -> frozenset[LineNode]:
        """All order lines above this line, and itself if it is one; of a `per: bundle` line those of its bundle."""
        if self.line.per == "bundle":
            top = self.top_level_lines
            above = frozenset[LineNode]().union(*(node.ancestor_order_lines for node in self.parents))
            return frozenset(line for line in above if line.top_level_lines == top)
        if len(self.parents) == 1 and not self.is_order_line:
            return self.parents[0].ancestor_order_lines
        own = [self] if self.is_order_line else []
        return frozenset(own).union(*(node.ancestor_order_lines for node in self.parents))

    @cached_property
    def parent_set(self) -> frozenset[LineNode]:
        return frozenset(self.parents)

    @cached_property
    def top_level_lines(self) -> tuple[LineNode, ...]:
        """The top-level order lines above this line, or itself, by rank; of a `per: bundle` line only its own."""
        if not self.parents:
            return (self,)
        if self.line.per == "bundle":
            own = (one for node in self.parents for one in node.top_level_lines)
            return _sort_lines(one for one in own if line_suffix(one.line.id).is_start_of(self.suffix))
        if len(self.parents) == 1:
            return self.parents[0].top_level_lines
        return _sort_lines(top for node in self.parents for top in node.top_level_lines)

    @cached_property
    def source_order_lines(self) -> tuple[LineNode, ...]:
        """The nearest order lines: itself, or those whose rules made it, directly or indirectly; by rank."""
        if self.is_order_line:
            return (self,)
        if len(self.parents) == 1:
            return self.parents[0].source_order_lines
        return _sort_lines(line for node in self.parents for line in node.source_order_lines)

    @cached_property
    def bindings(self) -> dict[str, Any]:
        """The names that expressions over this line can read, except `order`."""
        return line_bindings(self.line)

    @cached_property
    def shared_scope(self) -> str | None:
        """`order` or `bundle` if the line exists only once for the order or bundle, whichever lines made it."""
        if self.is_order_line:
            return None
        if self.line.per in ("order", "bundle"):
            return self.line.per
        scopes = {node.shared_scope for node in self.parents}
        if self.line.per != "line" or None in scopes:
            return None
        return "bundle" if "bundle" in scopes else "order"

    @cached_property
    def decomposition(self) -> tuple[LineNode, ...]:
        """The line and all fulfilment lines below it, but not those of its child order lines."""
        return tuple(walk([self], self._lines_made_by))

    @cached_property
    def subtree(self) -> tuple[LineNode, ...]:
        """The line, all fulfilment lines below it, its child order lines and their subtrees."""
        return tuple(walk([self], lambda node: [*self._lines_made_by(node), *node.children]))

    def _lines_made_by(self, node: LineNode) -> list[LineNode]:
        """Below an order line, without the `per: bundle` lines of other top-level lines."""
        if not self.is_order_line:
            return node.fulfilment_lines
        tops = self.top_level_lines
        return [one for one in node.fulfilment_lines if one.line.per != "bundle" or one.top_level_lines == tops]


def _sort_lines(nodes: Iterable[LineNode]) -> tuple[LineNode, ...]:
    return tuple(sorted(set(nodes), key=lambda node: node.rank))


@dataclass(slots=True)
class LineGraph:
    """All lines of an order."""

    order_lines: list[LineNode] = field(default_factory=list)
    """Depth first; components follow the line that they belong to."""
    fulfilment_lines: list[LineNode] = field(default_factory=list)
    """By rank."""

    def __iter__(self) -> Iterator[LineNode]:
        yield from self.order_lines
        yield from self.fulfilment_lines


@dataclass(eq=False, slots=True)
class StepInstance:
    """One instance of a step, with the lines that it serves."""

    id: str
    step: Step
    step_key: StepKey
    nodes: list[LineNode] = field(default_factory=list)
    per_value: ValueIdentity | None = None
    """The value of the step's `per` expression. None if it is empty, or if `per` is a keyword."""
    top_level_line: LineNode | None = None
    """With `per: bundle`, the top-level line that the instance is for."""
    predecessors: set[StepInstance] = field(default_factory=set)
    position: int = -1
    """The step's position in the plan's steps."""

    @property
    def rank(self) -> tuple[int, ...]:
        return self.nodes[0].rank
