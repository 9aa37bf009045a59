"""The catalogue: the definitions of a folder, validated, with product classes merged in.

`compiler.load_catalogue.load_catalogue` creates it. All expressions are CEL, type-checked while the catalogue was
loaded; evaluate them with compiler.cel.evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.language.attributes import Attribute
from compiler.language.documents import QuantityMerge
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import LineAction, ReliedFailure, StepDefinition, StepReference
from compiler.language.systems import Receiver, System
from compiler.source.document import Place
from compiler.source.findings import SourceLocation
from compiler.values import normalize_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is written at a place of a file."""

    place: Place

    @property
    def location(self) -> SourceLocation:
        return self.place.location


@dataclass(frozen=True, slots=True)
class LookupTable:
    """`{from: EXPR, table: {…}, default: …}`. Without `default`, a value without a row rejects the order."""

    key_expression: str
    rows: Mapping[str, Any]
    """Text of the key (`as_text`) → value."""
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Rule(Written):
    """One rule of `decomposes_to`, or one entry of `components`."""

    product: str
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
    """Target attribute → literal, text with `${…}`, or LookupTable."""


@dataclass(frozen=True, slots=True)
class NamedValue(Written):
    """One value of a `let`."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Product(Written):
    """A commercial or technical product, with the attributes and rules of its class."""

    id: str
    is_commercial: bool
    name: str
    code: str | None = None
    product_class: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    decomposes_to: tuple[Rule, ...] = ()
    """In the order in which they apply: those of the class first."""
    components: tuple[Rule, ...] = ()
    dependencies: tuple[tuple[StepReference, tuple[StepReference, ...]], ...] = ()
    no_work_for: frozenset[LineAction] = frozenset({LineAction.NO_CHANGE})
    per: str = "line"
    """line, unit, bundle, order, or CEL over the source (technical products)."""
    merged_quantity: QuantityMerge = "sum"
    on_relied_failure: ReliedFailure = ReliedFailure.FALLOUT
    decimal_quantity: bool = False
    """Whether quantities may be fractions. Expressions then see them as floats, also without a fraction."""
    single_quantity: bool = False
    """Whether the quantity is always 1."""
    let: tuple[NamedValue, ...] = ()
    """Each after those that it reads, those of the class included."""

    def typed_quantity(self, quantity: int | float) -> int | float:
        return float(quantity) if self.decimal_quantity else normalize_number(quantity)

    def allows_quantity(self, quantity: int | float) -> bool:
        """Whether it is 1 if it must be, and no fraction if it may be none."""
        if self.single_quantity:
            return quantity == 1
        return self.decimal_quantity or not isinstance(normalize_number(quantity), float)


@dataclass(frozen=True, slots=True)
class OutputReference:
    """`steps.S.output` (in the same workstream), or `workstreams.W.S.output` or `.outputs`."""

    root: Literal["steps", "workstreams"]
    workstream: str
    step: str
    is_list: bool
    """True for `.outputs`, which is always a list."""


@dataclass(frozen=True, slots=True)
class Step(Written):
    """A step of a workstream, with the defaults of the workstream."""

    workstream: str
    id: str
    name: str
    definition: StepDefinition
    per: str
    """line, bundle, order, or CEL over the line."""
    actions: frozenset[LineAction]
    reads: tuple[OutputReference, ...] = ()
    """The outputs of other steps that its expressions use, sorted."""
    expression_locations: Mapping[str, SourceLocation] = field(default_factory=dict)
    """Expression → its position, for messages at run time. Not part of the catalogue's version."""

    @property
    def reference(self) -> str:
        return f"{self.workstream}.{self.id}"


@dataclass(frozen=True, slots=True)
class Workstream(Written):
    """A named group of steps. A product with `steps` has a workstream with the product's id, for this product only."""

    id: str
    name: str
    for_products: tuple[str, ...]
    """Ids of products, commercial or technical, with classes resolved; sorted."""
    when: str | None
    steps: Mapping[str, Step]
    """Sorted by dependencies, then ids, so that plans do not depend on the order of keys in a file."""
    is_inline: bool = False
    """True for a product's own `steps`."""
    let: tuple[NamedValue, ...] = ()
    """Each after those that it reads."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All definitions of one folder. Immutable."""

    version: str
    """`sha256:…` over the canonical content of products, classes, workstreams and retry policies."""
    products: Mapping[str, Product]
    product_ids_by_code: Mapping[str, str]
    """Product code → product id."""
    workstreams: Mapping[str, Workstream]
    systems: Mapping[str, System]
    retry_policies: Mapping[str, RetryPolicy]
    """Always contains `standard`."""
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    def find_product(self, id_or_code: str) -> Product | None:
        return self.products.get(id_or_code) or self.products.get(self.product_ids_by_code.get(id_or_code, ""))
