"""Definitions that were read from files: what is wrong with them, and their catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from compiler.catalogue.builder import build_catalogue
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import Definitions, ParsedDocument, collect_definitions, parse_document
from compiler.checks.run import add_warnings, run_error_checks
from compiler.source.document import Document, ReadResult
from compiler.source.findings import CatalogueInvalid, Finding, OrderRejected, has_errors, sort_findings
from compiler.source.garbage_collection import gc_paused, promote_gc_generation


@dataclass(frozen=True, slots=True)
class OrderText:
    """What a file holds that has orders instead of definitions."""

    file: str
    text: str


class LoadedDefinitions:
    """Definitions as they were at one moment. Findings and catalogue are computed when somebody first asks for them."""

    def __init__(self, read: ReadResult, definitions: Definitions, orders: Iterable[OrderText] = ()) -> None:
        """`read`: without the orders, and without the environment, which `definitions` includes."""
        self.documents: list[Document] = read.documents
        self.orders = tuple(orders)
        self.index = DefinitionIndex(definitions)
        self._early_findings = [*read.findings, *definitions.findings]

    @cached_property
    def _check_errors(self) -> list[Finding]:
        with gc_paused():
            return run_error_checks(self.index)

    @cached_property
    def refused(self) -> bool:
        """Whether the definitions have errors, and so give no catalogue."""
        return any(one.refuses_catalogue for found in (self._early_findings, self._check_errors) for one in found)

    @cached_property
    def definition_findings(self) -> list[Finding]:
        """Everything wrong with the definitions, warnings included, sorted by place."""
        with gc_paused():
            return sort_findings([*self._early_findings, *add_warnings(self.index, self._check_errors)])

    @cached_property
    def findings(self) -> list[Finding]:
        """Also those about the orders, unless the definitions have errors. Sorted by place."""
        if self.refused or not self.orders:
            return self.definition_findings
        found = [finding for order in self.orders for finding in order_findings(order, self.catalogue)]
        return sort_findings([*self.definition_findings, *found])

    @cached_property
    def catalogue(self) -> Catalogue:
        """Raises CatalogueInvalid with every finding about the definitions."""
        if self.refused:
            raise CatalogueInvalid(self.definition_findings)
        with gc_paused():
            catalogue = build_catalogue(self.index)
            promote_gc_generation()
            return catalogue


Parse = Callable[[Document], ParsedDocument]


def define(
    read: ReadResult,
    overrides: ReadResult | None = None,
    orders: Iterable[OrderText] = (),
    parse: Parse = parse_document,
) -> LoadedDefinitions:
    """The definitions in `read`; systems and receivers in `overrides`, an environment, override them."""
    definitions = collect_definitions(map(parse, read.documents))
    definitions.incomplete |= has_errors(read.findings)
    if overrides is not None:
        definitions.findings += overrides.findings
        for document in overrides.documents:
            definitions.apply_override(document)
    return LoadedDefinitions(read, definitions, orders)


def order_findings(order: OrderText, catalogue: Catalogue) -> list[Finding]:
    """Everything that a worker with this catalogue would reject the orders for, or warn of."""
    from compiler.compile_order import compile_with_warnings
    from compiler.orders.reader import read_orders

    findings: list[Finding] = []
    try:
        for one in read_orders(order.text, order.file):
            compilation = compile_with_warnings(one, catalogue, order.file)
            findings += [*compilation.findings, *compilation.warnings]
    except OrderRejected as rejected:
        findings += rejected.findings
    return findings
