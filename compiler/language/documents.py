"""The documents of a catalogue: a pydantic model for each `kind` (docs/language.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from compiler.language.attributes import Attribute
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import AnyStepReferences, LineAction, LineActions, StepDefinition
from compiler.language.strict_model import BareExpression, StrictModel, as_list, mapping_tag
from compiler.language.systems import Receiver, System

RESERVED_WORDS = frozenset({"in", "true", "false", "null"})
"""Words that cannot stand after a dot in an expression."""


def _reject_reserved_word(name: str) -> str:
    if name in RESERVED_WORDS:
        raise ValueError(f"`{name}` is a word of the expression language: choose another name")
    return name


DefinitionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64), AfterValidator(_reject_reserved_word)]
"""Ids can stand in expressions."""

AttributeName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64), AfterValidator(_reject_reserved_word)
]


EventPatterns = Annotated[
    list[str], BeforeValidator(as_list, json_schema_input_type=list[str] | str), Field(min_length=1)
]
"""Types of events, or patterns of them (`order.*`); one may stand without a list."""


class DocumentModel(StrictModel):
    """What every kind has."""

    id: DefinitionId
    name: str | None = None
    """Shown to people; the id, where it is not given."""
    description: str | None = None


class ComponentDefinition(StrictModel):
    """A commercial product sold inside another."""

    product: str
    quantity: BareExpression | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    when: BareExpression | None = None
    as_: DefinitionId | None = Field(None, alias="as")


class RuleDefinition(ComponentDefinition):
    """One rule: which product, when, how many, with which attributes."""

    for_each: BareExpression | None = None
    key: BareExpression | None = None
    actions: LineActions | None = None
    precedence: int = 100


class ProductDocument(DocumentModel):
    """What commercial and technical products share."""

    code: str | None = Field(None, min_length=1)
    """The SKU that orders come with; unique."""
    product_class: str | None = Field(None, alias="class")
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    decomposes_to: list[RuleDefinition] = Field(default_factory=list)
    steps: dict[DefinitionId, StepDefinition] = Field(default_factory=dict)
    no_work_for: LineActions = Field(default_factory=lambda: [LineAction.NO_CHANGE])
    """Line actions for which nothing needs to be done."""


class CommercialProductDocument(ProductDocument):
    """What the customer buys."""

    kind: Literal["commercial_product"]
    components: list[ComponentDefinition] = Field(default_factory=list)
    dependencies: dict[str, AnyStepReferences] = Field(default_factory=dict)
    """Step → the steps that it waits for."""


class TechnicalProductDocument(ProductDocument):
    """What the organisation must do or deliver for a commercial product."""

    kind: Literal["technical_product"]
    per: BareExpression = "line"
    """`line`, `unit`, `bundle`, `order`, or an expression over the source."""
    merged_quantity: QuantityMerge = "sum"


class ProductClassDocument(DocumentModel):
    """Attributes and rules that every product with `class:` inherits."""

    kind: Literal["product_class"]
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    decomposes_to: list[RuleDefinition] = Field(default_factory=list)


class ClassReference(StrictModel):
    """Every product of a class."""

    product_class: str = Field(alias="class")


WorkstreamTarget = Annotated[
    Annotated[str, Tag("a product")] | Annotated[ClassReference, Tag("a class")],
    Discriminator(mapping_tag("a class", "a product")),
]


WorkstreamTargets = Annotated[
    list[WorkstreamTarget],
    BeforeValidator(as_list, json_schema_input_type=list[WorkstreamTarget] | WorkstreamTarget),
    Field(min_length=1),
]


class WorkstreamDocument(DocumentModel):
    """A named, reusable group of steps: one swimlane of the plan."""

    kind: Literal["workstream"]
    for_: WorkstreamTargets = Field(alias="for")
    actions: LineActions = Field(default_factory=lambda: [LineAction.ADD])
    when: BareExpression | None = None
    per: BareExpression = "line"
    steps: dict[DefinitionId, StepDefinition] = Field(min_length=1)


class SystemDocument(DocumentModel, System):
    """An external system that calls go to."""

    kind: Literal["system"]


class ReceiverDocument(DocumentModel, Receiver):
    """Who is notified of order events."""

    kind: Literal["receiver"]
    events: EventPatterns


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


DOCUMENT_MODELS: dict[str, type[DocumentModel]] = {
    "commercial_product": CommercialProductDocument,
    "technical_product": TechnicalProductDocument,
    "product_class": ProductClassDocument,
    "workstream": WorkstreamDocument,
    "system": SystemDocument,
    "receiver": ReceiverDocument,
    "retry": RetryDocument,
    "scenario": ScenarioDocument,
}


QuantityMerge = Literal["sum", "max", "one"]
