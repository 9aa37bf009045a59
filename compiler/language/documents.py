"""The documents of a catalogue: a pydantic model for each `kind` (docs/language.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from compiler.language.attributes import Attribute
from compiler.language.durations import Duration
from compiler.language.order import Timestamp
from compiler.language.order_overrides import OrderOverrides
from compiler.language.references import (
    CommercialProductName,
    EventTypeName,
    ProductClassName,
    ProductName,
    StepReferenceText,
    TechnicalProductName,
)
from compiler.language.retry_policy import RetryPolicy
from compiler.language.scenario_actions import OrderSource
from compiler.language.scenario_expectations import Expectations
from compiler.language.scenario_world import WorldEntry
from compiler.language.steps import AnyStepReferences, LineAction, LineActions, ReliedFailure, StepDefinition
from compiler.language.strict_model import BareExpression, StrictModel, as_list, mapping_tag
from compiler.language.systems import Receiver, System

DEFAULT_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""When scenarios start that do not say so: a Monday morning."""

RESERVED_WORDS = frozenset({"in", "true", "false", "null"})
"""Words that cannot follow a dot in an expression."""


def _reject_reserved_word(name: str) -> str:
    if name in RESERVED_WORDS:
        raise ValueError(f"`{name}` is a reserved word of the expression language: choose another name")
    return name


ID_PATTERN = r"^[a-z][a-z0-9_]*$"
DefinitionId = Annotated[str, Field(pattern=ID_PATTERN, max_length=64), AfterValidator(_reject_reserved_word)]
"""An id that can be used in expressions."""

AttributeName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64), AfterValidator(_reject_reserved_word)
]


NamedValues = dict[AttributeName, BareExpression]
"""Name → expression (CEL), which `let.NAME` stands for."""


EventPatterns = Annotated[
    list[EventTypeName],
    BeforeValidator(as_list, json_schema_input_type=list[EventTypeName] | EventTypeName),
    Field(min_length=1),
]
"""Types of events, or patterns (`order.*`). A single one may be written without a list."""


class DocumentModel(StrictModel):
    """The keys that every kind has."""

    id: DefinitionId
    """Lower-case letters, digits and _: the name that other definitions use."""
    name: str | None = None
    """Shown to people; the id if omitted."""
    description: str | None = None
    """For the readers of the definition."""


class ComponentDefinition(StrictModel):
    """A commercial product sold inside another."""

    product: CommercialProductName
    """The product of the new line."""
    quantity: BareExpression | None = None
    """How many (CEL); the parent's quantity if omitted."""
    attributes: dict[str, Any] = Field(default_factory=dict)
    """Target attribute → literal, text with ${…}, or a look-up table."""
    when: BareExpression | None = None
    """A condition (CEL); always, if omitted."""
    as_: DefinitionId | None = Field(None, alias="as")
    """Keeps this line apart from others of the same product."""


class RuleDefinition(ComponentDefinition):
    """One rule: which product, when, how many, with which attributes."""

    product: TechnicalProductName
    """The product of the new line."""
    for_each: BareExpression | None = None
    """A list (CEL): one line for each of its elements."""
    key: BareExpression | None = None
    """Names an element of `for_each` in ids (CEL)."""
    actions: LineActions | None = None
    """The line actions that the rule applies to: add, modify, delete, no_change."""
    precedence: int = 100
    """The rule with the lowest number wins if rules want different values."""


class ProductDocument(DocumentModel):
    """The keys of commercial and technical products."""

    code: str | None = Field(None, min_length=1)
    """The SKU that orders may use instead of the id; unique."""
    product_class: ProductClassName | None = Field(None, alias="class")
    """The product class whose attributes and rules are inherited."""
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    """The attributes that orders or rules give to the product."""
    let: NamedValues = Field(default_factory=dict)
    """Named values of each line of the product: name → expression (CEL). Read as let.NAME."""
    decomposes_to: list[RuleDefinition] = Field(default_factory=list)
    """Rules: which technical products a line needs, how many, with which attributes."""
    steps: dict[DefinitionId, StepDefinition] = Field(default_factory=dict)
    """The steps of the product, by id."""
    no_work_for: LineActions = Field(default_factory=lambda: [LineAction.NO_CHANGE])
    """Line actions that need no work."""
    quantity: Literal["whole", "decimal", "one"] = "whole"
    """Which quantities a line may have: whole, decimal (also fractions, such as 2.5 metres), or one (always 1)."""


class CommercialProductDocument(ProductDocument):
    """What the customer buys."""

    kind: Literal["commercial_product"]
    components: list[ComponentDefinition] = Field(default_factory=list)
    """Commercial products that are sold inside this one."""
    dependencies: dict[StepReferenceText, AnyStepReferences] = Field(default_factory=dict)
    """Step → the steps that it waits for, in orders of this offer."""
    on_relied_failure: ReliedFailure = ReliedFailure.FALLOUT
    """What becomes of a line of this offer if a line that it `relies_on` is rolled back: fallout, or rollback."""


class TechnicalProductDocument(ProductDocument):
    """What the organisation must do or deliver for a commercial product."""

    kind: Literal["technical_product"]
    per: BareExpression = "line"
    """How many lines there are: one per line, unit, bundle or order, or per value of an expression (CEL) over the
    source."""
    merged_quantity: QuantityMerge = "sum"
    """The quantity if several sources meet: sum, max, or one."""


class ProductClassDocument(DocumentModel):
    """Attributes and rules that every product with `class:` inherits."""

    kind: Literal["product_class"]
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    """The attributes that the products inherit."""
    let: NamedValues = Field(default_factory=dict)
    """Named values that the products inherit: name → expression (CEL). Read as let.NAME."""
    decomposes_to: list[RuleDefinition] = Field(default_factory=list)
    """The rules that the products inherit."""


class ClassReference(StrictModel):
    """Every product of a class."""

    product_class: ProductClassName = Field(alias="class")
    """A product class: all its products."""


WorkstreamTarget = Annotated[
    Annotated[ProductName, Tag("a product")] | Annotated[ClassReference, Tag("a class")],
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
    """The products, or classes of products, that bring this workstream into a plan."""
    actions: LineActions = Field(default_factory=lambda: [LineAction.ADD])
    """The line actions that the steps are planned for, unless a step has its own."""
    when: BareExpression | None = None
    """A condition (CEL); always, if omitted."""
    per: BareExpression = "line"
    """How many instances each step has: one per line, bundle or order, or per value of an expression (CEL)."""
    let: NamedValues = Field(default_factory=dict)
    """Named values of each line that the workstream serves: name → expression (CEL). Its steps read let.NAME."""
    steps: dict[DefinitionId, StepDefinition] = Field(min_length=1)
    """The steps, by id."""


class SystemDocument(DocumentModel, System):
    """An external system that calls go to."""

    kind: Literal["system"]


class ReceiverDocument(DocumentModel, Receiver):
    """Who is notified of order events."""

    kind: Literal["receiver"]
    events: EventPatterns
    """Types of events, or patterns such as order.*."""


class RetryDocument(DocumentModel, RetryPolicy):
    """A named retry policy."""

    kind: Literal["retry"]


class ScenarioDocument(DocumentModel):
    """A test of the catalogue."""

    kind: Literal["scenario"]
    order: OrderSource
    """The order, or its file, relative to this one."""
    with_: OrderOverrides | None = Field(None, alias="with")
    """What is different from that order."""
    starts: Timestamp = DEFAULT_START
    """When the order is submitted."""
    until: Duration = timedelta(days=3650)
    """How long after its start the scenario ends at the latest."""
    world: list[WorldEntry] = Field(default_factory=list)
    """What happens: answers, events, people, time."""
    expect: Expectations
    """The expected result."""


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
