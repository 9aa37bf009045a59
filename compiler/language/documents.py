"""The documents of a catalogue: a pydantic model for each `kind` (docs/language.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from compiler.language.attributes import Attribute
from compiler.language.durations import DurationOrTemplate
from compiler.language.steps import (
    Action,
    Actions,
    BareExpression,
    Model,
    References,
    RetryChoice,
    RetryPolicy,
    StepDefinition,
    as_list,
)
from compiler.language.systems import Auth, BreakerOrFalse, Limits, Secret

RESERVED = frozenset({"in", "true", "false", "null"})
"""Words that cannot stand after a dot in an expression."""


def _usable_name(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"`{name}` is a word of the expression language: choose another name")
    return name


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64), AfterValidator(_usable_name)]
"""Ids can stand in expressions."""

AttributeName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64), AfterValidator(_usable_name)]


EventPatterns = Annotated[
    list[str], BeforeValidator(as_list, json_schema_input_type=list[str] | str), Field(min_length=1)
]
"""Types of events, or patterns of them (`order.*`); one may stand without a list."""


class DocumentModel(Model):
    """What every kind has."""

    id: Id
    name: str | None = None
    """Shown to people; the id, where it is not given."""
    description: str | None = None


class RuleDocument(Model):
    """One rule: which product, when, how many, with which attributes."""

    product: str
    when: BareExpression | None = None
    quantity: BareExpression | None = None
    for_each: BareExpression | None = None
    key: BareExpression | None = None
    actions: Actions | None = None
    precedence: int = 100
    as_: Id | None = Field(None, alias="as")
    attributes: dict[str, Any] = Field(default_factory=dict)


class ComponentDocument(Model):
    """A commercial product sold inside another."""

    product: str
    quantity: BareExpression | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    when: BareExpression | None = None
    as_: Id | None = Field(None, alias="as")


class ProductDocument(DocumentModel):
    """What commercial and technical products share."""

    code: str | None = Field(None, min_length=1)
    """The SKU that orders come with; unique."""
    product_class: str | None = Field(None, alias="class")
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    decomposes_to: list[RuleDocument] = Field(default_factory=list)
    steps: dict[Id, StepDefinition] = Field(default_factory=dict)
    no_work_for: Actions = Field(default_factory=lambda: [Action.NO_CHANGE])
    """Line actions for which nothing needs to be done."""


class CommercialProductDocument(ProductDocument):
    """What the customer buys."""

    kind: Literal["commercial_product"]
    components: list[ComponentDocument] = Field(default_factory=list)
    dependencies: dict[str, References] = Field(default_factory=dict)
    """Step → the steps that it waits for."""


class TechnicalProductDocument(ProductDocument):
    """What the organisation must do or deliver for a commercial product."""

    kind: Literal["technical_product"]
    per: BareExpression = "line"
    """`line`, `unit`, `bundle`, `order`, or an expression over the source."""
    merged_quantity: MergedQuantity = "sum"


class ProductClassDocument(DocumentModel):
    """Attributes and rules that every product with `class:` inherits."""

    kind: Literal["product_class"]
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    decomposes_to: list[RuleDocument] = Field(default_factory=list)


class ClassTarget(Model):
    """Every product of a class."""

    product_class: str = Field(alias="class")


def _target_kind(value: object) -> str:
    return "a product" if isinstance(value, str) else "a class"


Target = Annotated[
    Annotated[str, Tag("a product")] | Annotated[ClassTarget, Tag("a class")], Discriminator(_target_kind)
]


Targets = Annotated[
    list[Target], BeforeValidator(as_list, json_schema_input_type=list[Target] | Target), Field(min_length=1)
]


class WorkstreamDocument(DocumentModel):
    """A named, reusable group of steps: one swimlane of the plan."""

    kind: Literal["workstream"]
    for_: Targets = Field(alias="for")
    actions: Actions = Field(default_factory=lambda: [Action.ADD])
    when: BareExpression | None = None
    per: BareExpression = "line"
    steps: dict[Id, StepDefinition] = Field(min_length=1)


class SystemDocument(DocumentModel):
    """An external system that calls go to."""

    kind: Literal["system"]
    base_url: str
    auth: Auth | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryChoice | None = None
    limits: Limits = Field(default_factory=Limits)
    probe: str | None = None
    breaker: BreakerOrFalse | None = None
    error_code: BareExpression | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    example: Any = None
    """What a scenario's world answers where it foresees nothing else."""


class ReceiverDocument(DocumentModel):
    """Who is told of what happens to orders."""

    kind: Literal["receiver"]
    url: str
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    events: EventPatterns
    when: BareExpression | None = None
    include: list[Literal["customer"]] = Field(default_factory=list)
    secret: Secret | None = None
    retry: RetryChoice | None = None
    timeout: DurationOrTemplate | None = None


class RetryDocument(DocumentModel, RetryPolicy):
    """A named retry policy."""

    kind: Literal["retry"]


class ScenarioDocument(DocumentModel):
    """A test of the catalogue. Its references are checked; it is run by the scenario runner."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Literal["scenario"]
    order: Any
    """A file, relative to this one, or the order itself."""
    world: list[dict[str, Any]] = Field(default_factory=list)
    expect: dict[str, Any] = Field(default_factory=dict)


Kind = Literal[
    "commercial_product", "technical_product", "product_class", "workstream", "system", "receiver", "retry", "scenario"
]

KINDS: dict[str, type[DocumentModel]] = {
    "commercial_product": CommercialProductDocument,
    "technical_product": TechnicalProductDocument,
    "product_class": ProductClassDocument,
    "workstream": WorkstreamDocument,
    "system": SystemDocument,
    "receiver": ReceiverDocument,
    "retry": RetryDocument,
    "scenario": ScenarioDocument,
}


MergedQuantity = Literal["sum", "max", "one"]
