"""What `validate --deep` finds: something that goes wrong with an order that the declarations allow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from compiler.catalogue.catalogue import Catalogue, LookupTable, Product
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.graph import walk
from compiler.language.attributes import AttributeType
from compiler.language.steps import LineAction
from compiler.orders.overrides import order_lines
from compiler.source.findings import Finding, SourceLocation


class TroubleCode(StrEnum):
    """The codes of the findings about generated orders."""

    ORDER_REJECTED = "allowed-order-rejected"
    ACTION_NOT_SERVED = "action-not-served"
    PLAN_STUCK = "plan-stuck"
    STEP_WITHOUT_VALUE = "step-without-value"
    AMENDMENT_FAILS = "amendment-fails"


@dataclass(frozen=True, slots=True)
class Trouble:
    code: TroubleCode
    cause: tuple[str, ...]
    """Equal for all orders that go wrong for the same reason."""
    place: SourceLocation
    """In the definitions."""
    subject: str
    """The product or the step that it is about."""
    message: str
    intended: str = ""
    """Why the author seems to want it so; empty if nothing says that."""


ExpectedRejections = Collection[tuple[str, str]]
"""Product, and code of a finding, of the orders that scenarios expect to be rejected."""
NOT_DECLARABLE = frozenset({"id-collision", "order-too-large", "relies-on-ring", "previous-missing"})
"""Codes of rules that no declaration can express, such as ids that must differ."""
_WITHOUT_WORK = frozenset({"line-without-work", "work-lost"})
_PLACE = re.compile(r"\(at (?P<file>[^()]+):(?P<line>\d+):(?P<column>\d+)\)")
_LINE_LABEL = re.compile(r"^(?:fulfilment )?line `[^`]*`:? ")
_QUOTED = re.compile(r"`([^`]*)`")
_LOOKED_UP = re.compile(r"looks `(\w+)` up")


@dataclass(frozen=True)
class TroubleReader:
    """Finds out what a finding about a generated order says of the definitions."""

    catalogue: Catalogue
    expected: ExpectedRejections = field(default_factory=frozenset)
    _only_added: dict[str, bool] = field(default_factory=dict, init=False)
    """Product → whether no step that it leads to is for anything but `add`."""

    def of_rejection(self, order: dict[str, Any], finding: Finding) -> Trouble | None:
        """None for what no declaration could prevent."""
        if finding.code in NOT_DECLARABLE:
            return None
        is_without_work = finding.code in _WITHOUT_WORK
        code = TroubleCode.ACTION_NOT_SERVED if is_without_work else TroubleCode.ORDER_REJECTED
        text = _LINE_LABEL.sub("", finding.message)
        products = self.products(order)
        named = next((one for one in _QUOTED.findall(text) if one in self.catalogue.products), products[0].id)
        place = place_in(text) or self.catalogue.products[named].location
        return Trouble(
            code,
            (code.value, finding.code, self.mask(text)),
            place,
            named,
            f"{text} [{finding.code}]",
            self._intention(products, finding, place),
        )

    def mask(self, text: str) -> str:
        """The text without what differs from order to order: values, ids of lines and numbers."""
        known = self._names

        def shown(match: re.Match[str]) -> str:
            return match[0] if match[1] in known else "`…`"

        return re.sub(r"\d+", "#", re.sub(r'"[^"]*"', '"…"', _QUOTED.sub(shown, text)))

    @cached_property
    def _names(self) -> frozenset[str]:
        products, workstreams = self.catalogue.products, self.catalogue.workstreams
        attributes = {name for product in products.values() for name in product.attributes}
        steps = {step.reference for workstream in workstreams.values() for step in workstream.steps.values()}
        return frozenset({*products, *workstreams, *attributes, *steps})

    def products(self, order: dict[str, Any]) -> list[Product]:
        found = (self.catalogue.find_product(line["product"]) for line in order_lines(order))
        return [product for product in found if product is not None]

    def _intention(self, products: list[Product], finding: Finding, place: SourceLocation) -> str:
        for product in products:
            if (product.id, finding.code) in self.expected:
                return f"a scenario expects that an order of `{product.id}` is rejected with {finding.code}"
        if finding.code == "line-without-work":
            named = [one for one in _QUOTED.findall(finding.message) if one in self.catalogue.products]
            if named and all(self._is_only_added(one) for one in named):
                return f"no step of `{named[0]}` is for anything but `add`"
        if finding.code == "table-without-row" and self._looks_up_free_text(finding, place):
            return "the table is read by a text that may be anything, and has no default"
        return ""

    def _is_only_added(self, product: str) -> bool:
        if product not in self._only_added:
            never_more = frozenset({LineAction.ADD, LineAction.NO_CHANGE})
            self._only_added[product] = all(actions <= never_more for actions in self._actions(product))
        return self._only_added[product]

    def _actions(self, product: str) -> Iterator[frozenset[LineAction]]:
        """Of each step that an order of the product may bring about."""
        products = self.catalogue.products

        def targets(name: str) -> Iterator[str]:
            yield from (rule.product for rule in (*products[name].decomposes_to, *products[name].components))

        reached = set(walk([product], targets))
        for workstream in self.catalogue.workstreams.values():
            if not reached.isdisjoint(workstream.for_products):
                yield from (step.actions for step in workstream.steps.values())

    def _looks_up_free_text(self, finding: Finding, place: SourceLocation) -> bool:
        looked_up = _LOOKED_UP.search(finding.message)
        for product in self.catalogue.products.values():
            for rule in (*product.decomposes_to, *product.components):
                table = rule.attributes.get(looked_up[1]) if looked_up and rule.location == place else None
                if isinstance(table, LookupTable):
                    return _reads_free_text(product, table.key_expression)
        return False


def _reads_free_text(product: Product, expression: str) -> bool:
    try:
        names = {use.path[1] for use in path_uses(expression) if use.path[0] == "attributes" and len(use.path) > 1}
    except UnparsableError:
        return False
    declared = [product.attributes[name] for name in names if name in product.attributes]
    return bool(declared) and all(one.type is AttributeType.STRING and one.enum is None for one in declared)


def place_in(message: str) -> SourceLocation | None:
    """The place of a definition that a message names."""
    found = _PLACE.search(message)
    return SourceLocation(found["file"], int(found["line"]), int(found["column"])) if found else None
