"""The catalogue: what the definitions of a folder mean, once classes are merged in and every reference is known good.

`compiler.load_catalogue.load_catalogue(folder)` makes one or raises CatalogueInvalid with every finding.
All expressions below are CEL texts that were type-checked at load; evaluate them with compiler.cel.evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.language.attributes import Attribute
from compiler.language.documents import QuantityMerge
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, StepDefinition, StepReference
from compiler.language.systems import Receiver, System
from compiler.source.findings import Finding, SourceLocation


@dataclass(frozen=True, slots=True)
class LookupTable:
    """`{from: EXPR, table: {…}, default: …}`: a look-up. Without `default` a value that no row matches rejects."""

    key_expression: str
    rows: Mapping[str, Any]
    """By the text of the value: `cel.as_text(value)`."""
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of `decomposes_to`, or one entry of `components`."""

    product: str
    location: SourceLocation
    as_: str | None = None
    when: str | None = None
    quantity: str | None = None
    """None: the source's."""
    for_each: str | None = None
    key: str | None = None
    actions: frozenset[LineAction] | None = None
    """None: all."""
    precedence: int = 100
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Target attribute → literal, text with `${…}`, or Table."""


@dataclass(frozen=True, slots=True)
class Product:
    """A commercial or technical product, its class's attributes and rules merged in."""

    id: str
    is_commercial: bool
    location: SourceLocation
    name: str
    code: str | None = None
    product_class: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    decomposes_to: tuple[Rule, ...] = ()
    """In the order in which they apply: the class's first."""
    components: tuple[Rule, ...] = ()
    dependencies: tuple[tuple[StepReference, tuple[StepReference, ...]], ...] = ()
    no_work_for: frozenset[LineAction] = frozenset({LineAction.NO_CHANGE})
    per: str = "line"
    """line, unit, bundle, order, or CEL over the source (technical products)."""
    merged_quantity: QuantityMerge = "sum"


@dataclass(frozen=True, slots=True)
class OutputReference:
    """`steps.S.output` (workstream = the step's own), or `workstreams.W.S.output` / `.outputs`."""

    root: Literal["steps", "workstreams"]
    workstream: str
    step: str
    is_list: bool
    """True for `.outputs`: a list, always."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a workstream, with what the workstream says filled in."""

    workstream: str
    id: str
    location: SourceLocation
    name: str
    definition: StepDefinition
    per: str
    """line, bundle, order, or CEL over the line."""
    actions: frozenset[LineAction]
    reads: tuple[OutputReference, ...] = ()
    """The outputs of other steps that its expressions name, in a stable order."""
    expression_locations: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Expression text → where it stands; for messages at run time. Not part of the version."""

    @property
    def reference(self) -> str:
        return f"{self.workstream}.{self.id}"


@dataclass(frozen=True, slots=True)
class Workstream:
    """A named group of steps. A product with `steps` has one of its own id, `for_products` it alone."""

    id: str
    name: str
    location: SourceLocation
    for_products: tuple[str, ...]
    """Product ids, classes resolved, in the catalogue's order. All commercial or technical, mixed is allowed."""
    when: str | None
    steps: Mapping[str, Step]
    """In the order of their dependencies, then of their ids: plans do not depend on the order of keys in a file."""
    is_inline: bool = False
    """True where it is a product's own `steps`."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the definitions of one folder say. Immutable."""

    version: str
    """`sha256:…` over the canonical content of products, classes, workstreams and retry policies."""
    products: Mapping[str, Product]
    product_ids_by_code: Mapping[str, str]
    """Product code → product id."""
    workstreams: Mapping[str, Workstream]
    systems: Mapping[str, System]
    retry_policies: Mapping[str, RetryPolicy]
    """Always holds `standard`."""
    warnings: tuple[Finding, ...] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    def find_product(self, id_or_code: str) -> Product | None:
        return self.products.get(id_or_code) or self.products.get(self.product_ids_by_code.get(id_or_code, ""))
