"""The catalogue: what the definitions of a folder mean, once classes are merged in and every reference is known good.

`compiler.loading.load_catalogue(folder)` makes one or raises CatalogueInvalid with every finding.
All expressions below are CEL texts that were type-checked at load; evaluate them with compiler.cel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from compiler.attributes import Attribute
from compiler.durations import Duration, DurationOrTemplate
from compiler.findings import Finding, Place
from compiler.steps import Action, Model, RetryChoice, RetryPolicy, StepDefinition, StepReference


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


MergedQuantity = Literal["sum", "max", "one"]


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


class Secret(Model):
    """Where a secret is kept: `{env: NAME}` or `{file: PATH}`, on the worker. Never the secret itself."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, value: object) -> object:
        """Says what to write, and not what was written."""
        if not isinstance(value, dict | Secret):
            raise ValueError("a secret never stands in a definition: write `{env: NAME}` or `{file: PATH}`")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is `{env: NAME}` or `{file: PATH}`")
        return self


def _text_shape(value: object) -> str:
    return "a text" if isinstance(value, str) else "a secret"


TextOrSecret = Annotated[Annotated[str, Tag("a text")] | Annotated[Secret, Tag("a secret")], Discriminator(_text_shape)]


class Basic(Model):
    user: TextOrSecret
    password: Secret


class ApiKey(Model):
    header: str
    value: Secret


class OAuth2(Model):
    token_url: str
    client_id: TextOrSecret
    client_secret: Secret
    scope: str | None = None


class Mtls(Model):
    cert: Secret
    key: Secret
    ca: Secret | None = None


class Auth(Model):
    """Exactly one of the ways to prove who calls (`mtls` may stand beside another)."""

    bearer: Secret | None = None
    basic: Basic | None = None
    api_key: ApiKey | None = None
    oauth2: OAuth2 | None = None
    mtls: Mtls | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        if sum(way is not None for way in (self.bearer, self.basic, self.api_key, self.oauth2)) > 1:
            raise ValueError("say one of bearer, basic, api_key, oauth2 (`mtls` may stand beside it)")
        if all(way is None for way in (self.bearer, self.basic, self.api_key, self.oauth2, self.mtls)):
            raise ValueError("say one of bearer, basic, api_key, oauth2, mtls")
        return self


class Limits(Model):
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """Per worker."""
    per_second: float | None = Field(None, gt=0)
    """Over all workers."""


class Breaker(Model):
    """When calls to a system are held back by themselves: so many failures of its own, half of its last calls."""

    failures: int = Field(3, ge=1, le=1_000)
    """Of one worker."""
    within: Duration = Field(timedelta(seconds=30), gt=timedelta(0))


def _breaker_shape(value: object) -> str:
    return "a breaker" if isinstance(value, dict | Breaker) else "false"


BreakerOrFalse = Annotated[
    Annotated[Breaker, Tag("a breaker")] | Annotated[Literal[False], Tag("false")], Discriminator(_breaker_shape)
]


class System(Model):
    """An external system. Not pinned: read when a call is made. `base_url` may hold `${env.NAME}`."""

    id: str
    name: str | None = None
    description: str | None = None
    base_url: str
    auth: Auth | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryChoice | None = None
    limits: Limits = Field(default_factory=Limits)
    probe: str | None = None
    """Path that tells whether the system is there; None: its base_url."""
    breaker: BreakerOrFalse | None = None
    """False: never; None: as Breaker has it."""
    error_code: str | None = None
    """CEL, sees `response`."""
    headers: dict[str, str] = Field(default_factory=dict)
    example: Any = None


class Receiver(Model):
    """Who is told of what happens to orders, by webhook. Not pinned: read when an event is delivered."""

    id: str
    name: str | None = None
    description: str | None = None
    url: str
    """May hold `${env.NAME}`."""
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    events: list[str]
    """Types of compiler.event_types, or patterns of them."""
    when: str | None = None
    """CEL, sees `event` and `order`."""
    include: list[Literal["customer"]] = Field(default_factory=list)
    """Personal data that goes with each event."""
    secret: Secret | None = None
    """Signs what is sent."""
    retry: RetryChoice | None = None
    timeout: DurationOrTemplate | None = None


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
