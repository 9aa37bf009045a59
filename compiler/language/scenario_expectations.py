"""What a scenario expects (docs/language.md, Scenario). Only what is named is checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from compiler.language.durations import Duration
from compiler.language.http_words import HTTP_METHODS
from compiler.language.references import EventTypeName, ProductName, QueueName, ReceiverName, StepOrInstance, SystemName
from compiler.language.scenario_timed_entries import Awaited, StepStateName
from compiler.language.steps import LineAction
from compiler.language.strict_model import StrictModel, as_list, mapping_tag, require_one

OrderStateName = Literal[
    "acknowledged", "rejected", "pending", "held", "in_progress", "assessing_cancellation", "pending_cancellation",
    "cancelled", "completed", "partial", "failed",
]  # fmt: skip
JeopardyName = Literal["on_track", "at_risk", "late"]
NameList = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=list[str] | str)]


class DurationRange(StrictModel):
    """A duration, or a time since the start of the scenario."""

    at_least: Duration | None = None
    """The shortest."""
    at_most: Duration | None = None
    """The longest."""

    @model_validator(mode="after")
    def _require_limit(self) -> DurationRange:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give `at_least`, `at_most`, or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("`at_least` is longer than `at_most`")
        return self


class RejectedOrder(StrictModel):
    """The order is rejected."""

    rejected: NameList
    """The codes of the findings that reject it (docs/findings.md)."""


OrderExpectation = Annotated[
    Annotated[OrderStateName, Tag("a state")] | Annotated[RejectedOrder, Tag("a rejection")],
    Discriminator(mapping_tag("a rejection", "a state")),
]


class LineExpectation(StrictModel):
    """What a line is expected to be."""

    state: Literal[OrderStateName, "absent"] | None = None
    """Its state; `absent`: there is no such line."""
    product: ProductName | None = None
    """Its product."""
    quantity: int | float | None = None
    """Its quantity."""
    action: LineAction | None = None
    """Its action."""
    attributes: dict[str, Any] | None = None
    """Its attributes; those that are not named do not count."""
    jeopardy: JeopardyName | None = None
    """Whether it is on track."""


def _expand_state(value: object) -> object:
    return {"state": value} if isinstance(value, str) else value


Line = Annotated[LineExpectation, BeforeValidator(_expand_state, json_schema_input_type=str | LineExpectation)]


class StepExpectation(StrictModel):
    """What a step is expected to be. A short name means each of its instances."""

    state: Literal[StepStateName, "absent"] | None = None
    """Its state; `absent`: the plan has no such step."""
    output: Any = None
    """Its output; keys that are not named do not count."""
    attempts: int | None = Field(None, ge=0)
    """How many attempts its call or activity has had."""
    error: str | int | None = None
    """The code of its last error."""
    undo: Literal[StepStateName, "none"] | None = None
    """The state of its undo; none: nothing is or was undone."""
    started: DurationRange | None = None
    """When it started, since the start of the scenario."""
    ended: DurationRange | None = None
    """When it ended, since the start of the scenario."""
    queue: QueueName | None = None
    """The queue in which it waits for a person."""
    holder: str | None = None
    """Who holds it."""
    waits_for: str | None = None
    """A part of the words that tell what it waits for."""
    jeopardy: JeopardyName | None = None
    """Whether it is on track by its sla."""
    instances: int | None = Field(None, ge=0)
    """How many instances it has."""


Step = Annotated[StepExpectation, BeforeValidator(_expand_state, json_schema_input_type=str | StepExpectation)]


class CallExpectation(StrictModel):
    """Calls that systems are expected to get."""

    system: SystemName | None = None
    """The system."""
    step: StepOrInstance | None = None
    """The step that makes them."""
    get: str | None = None
    """The path of GET calls; `*` stands for any characters."""
    post: str | None = None
    """The path of POST calls."""
    put: str | None = None
    """The path of PUT calls."""
    patch: str | None = None
    """The path of PATCH calls."""
    delete: str | None = None
    """The path of DELETE calls."""
    undo: bool | None = None
    """Whether they undo something; either if omitted."""
    body: Any = None
    """Their body; keys that are not named do not count."""
    query: dict[str, Any] | None = None
    """Their query; keys that are not named do not count."""
    headers: dict[str, str] | None = None
    """Their headers; those that are not named do not count."""
    key: str | None = None
    """Their idempotency key; `*` stands for any characters."""
    times: int | None = Field(None, ge=0)
    """How many there are; at least one if omitted."""

    @model_validator(mode="after")
    def _require_call(self) -> CallExpectation:
        methods = [method for method in HTTP_METHODS if getattr(self, method) is not None]
        if methods:
            require_one(self, "a call", *HTTP_METHODS)
        elif self.system is None and self.step is None:
            raise ValueError("say which calls: `system`, `step`, or a method with a path (`post: /orders`)")
        return self


class UndoneStep(StrictModel):
    """The undo of a step."""

    undo: StepOrInstance
    """The step."""


Begun = Annotated[
    Annotated[StepOrInstance, Tag("a step")] | Annotated[UndoneStep, Tag("an undo")],
    Discriminator(mapping_tag("an undo", "a step")),
]


class EventExpectation(StrictModel):
    """An event that the order tells (docs/notifications.md), whoever receives it."""

    type: EventTypeName
    """Its type, such as `step.late`, or a pattern (`order.*`)."""
    step: StepOrInstance | None = None
    """The step that it is about."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Its content; keys that are not named do not count."""
    times: int | None = Field(None, ge=0)
    """How many there are; at least one if omitted."""


class NotificationExpectation(EventExpectation):
    """An event that a receiver gets, and accepts."""

    receiver: ReceiverName
    """The receiver."""
    attempts: int | None = Field(None, ge=1)
    """How often it is sent until the receiver accepts it."""
    arrived: DurationRange | None = None
    """When the receiver accepts it, since the start of the scenario."""


class MomentExpectation(StrictModel):
    """What is so at a moment."""

    after: Duration | None = None
    """How long after `when`, or after the start of the scenario."""
    when: Awaited | None = None
    """The step, and its state, from which `after` counts: the first instance that comes into it."""
    order: OrderStateName | None = None
    """The state of the order."""
    lines: dict[str, Line] = Field(default_factory=dict)
    """Line → its state, or more about it."""
    steps: dict[StepOrInstance, Step] = Field(default_factory=dict)
    """Step → its state, or more about it."""
    forecast: DurationRange | None = None
    """When the order will probably end, since the start of the scenario."""
    jeopardy: JeopardyName | None = None
    """Whether the order is on track."""
    fallout: int | None = Field(None, ge=0)
    """How many steps are in fallout."""
    tasks: int | None = Field(None, ge=0)
    """How many tasks wait for a person."""

    @model_validator(mode="after")
    def _require_time(self) -> MomentExpectation:
        if self.after is None and self.when is None:
            raise ValueError("say which moment: `after: DURATION`, `when: STEP`, or both")
        return self


class Expectations(StrictModel):
    """What must come out."""

    order: OrderExpectation | None = None
    """The final state of the order, or the findings that reject it."""
    lines: dict[str, Line] = Field(default_factory=dict)
    """Line → its final state, or more about it."""
    steps: dict[StepOrInstance, Step] = Field(default_factory=dict)
    """Step → its final state, or more about it."""
    calls: list[CallExpectation] = Field(default_factory=list)
    """The calls that systems get."""
    sequence: list[Begun] = Field(default_factory=list)
    """Steps in the order in which they begin."""
    events: list[EventExpectation] = Field(default_factory=list)
    """The events that the order tells."""
    notifications: list[NotificationExpectation] = Field(default_factory=list)
    """The events that receivers are told."""
    took: DurationRange | None = None
    """How long it takes until the order has ended, or nothing more happens."""
    moments: list[MomentExpectation] = Field(default_factory=list)
    """What is so in between."""
    warnings: NameList | None = None
    """The codes of the warnings of the order."""

    @model_validator(mode="after")
    def _require_something(self) -> Expectations:
        if not self.model_fields_set:
            raise ValueError("`expect` is empty: nothing would be checked")
        return self
