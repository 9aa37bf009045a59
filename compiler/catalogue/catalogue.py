"""The catalogue: what the definitions of a folder mean, once classes are merged in and every reference is known good.

`compiler.load_catalogue.load_catalogue(folder)` makes one or raises CatalogueInvalid with every finding.
All expressions below are CEL texts that were type-checked at load; evaluate them with compiler.cel.evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.language.attributes import Attribute
from compiler.language.documents import MergedQuantity
from compiler.language.steps import Action, RetryPolicy, StepDefinition, StepReference
from compiler.language.systems import Receiver, System
from compiler.source.findings import Finding, Place


@dataclass(frozen=True, slots=True)
class Table:
    """`{from: EXPR, table: {…}, default: …}`: a look-up. Without `default` a value that no row matches rejects."""

    source: str
    rows: Mapping[str, Any]
    """By the text of the value: `cel.as_text(value)`."""
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of `decomposes_to`, or one entry of `components`."""

    product: str
    place: Place
    as_: str | None = None
    when: str | None = None
    quantity: str | None = None
    """None: the source's."""
    for_each: str | None = None
    key: str | None = None
    actions: frozenset[Action] | None = None
    """None: all."""
    precedence: int = 100
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Target attribute → literal, text with `${…}`, or Table."""


@dataclass(frozen=True, slots=True)
class Product:
    """A commercial or technical product, its class's attributes and rules merged in."""

    id: str
    commercial: bool
    place: Place
    name: str
    code: str | None = None
    product_class: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    decomposes_to: tuple[Rule, ...] = ()
    """In the order in which they apply: the class's first."""
    components: tuple[Rule, ...] = ()
    dependencies: tuple[tuple[StepReference, tuple[StepReference, ...]], ...] = ()
    no_work_for: frozenset[Action] = frozenset({Action.NO_CHANGE})
    per: str = "line"
    """line, unit, bundle, order, or CEL over the source (technical products)."""
    merged_quantity: MergedQuantity = "sum"


@dataclass(frozen=True, slots=True)
class Read:
    """`steps.S.output` (workstream = the step's own), or `workstreams.W.S.output` / `.outputs`."""

    name: Literal["steps", "workstreams"]
    workstream: str
    step: str
    many: bool
    """True for `.outputs`: a list, always."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a workstream, with what the workstream says filled in."""

    workstream: str
    id: str
    place: Place
    name: str
    definition: StepDefinition
    per: str
    """line, bundle, order, or CEL over the line."""
    actions: frozenset[Action]
    reads: tuple[Read, ...] = ()
    """The outputs of other steps that its expressions name, in a stable order."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Expression text → where it stands; for messages at run time. Not part of the version."""

    @property
    def reference(self) -> str:
        return f"{self.workstream}.{self.id}"


@dataclass(frozen=True, slots=True)
class Workstream:
    """A named group of steps. A product with `steps` has one of its own id, `for_products` it alone."""

    id: str
    name: str
    place: Place
    for_products: tuple[str, ...]
    """Product ids, classes resolved, in the catalogue's order. All commercial or technical, mixed is allowed."""
    when: str | None
    steps: Mapping[str, Step]
    """In the order of their dependencies, then of their ids: plans do not depend on the order of keys in a file."""
    own: bool = False
    """True where it is a product's own `steps`."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the definitions of one folder say. Immutable."""

    version: str
    """`sha256:…` over the canonical content of products, classes, workstreams and retry policies."""
    products: Mapping[str, Product]
    codes: Mapping[str, str]
    """Product code → product id."""
    workstreams: Mapping[str, Workstream]
    systems: Mapping[str, System]
    retries: Mapping[str, RetryPolicy]
    """Always holds `standard`."""
    warnings: tuple[Finding, ...] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    def product_named(self, id_or_code: str) -> Product | None:
        return self.products.get(id_or_code) or self.products.get(self.codes.get(id_or_code, ""))
