"""Step definitions: the models of what stands under `steps:` (docs/language.md, Step)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from compiler.language.attributes import Attribute
from compiler.language.durations import DurationOrTemplate
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.strict_model import BareExpression, StrictModel, as_list, mapping_tag


class LineAction(StrEnum):
    """What an order line asks for (TMF622: add, modify, delete, noChange)."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"
    NO_CHANGE = "no_change"


ACTIONS_WITH_PREVIOUS = frozenset({LineAction.MODIFY, LineAction.DELETE})
"""Lines with these actions can say what the customer had before."""
ACTIONS_NEEDING_ATTRIBUTES = frozenset({LineAction.ADD, LineAction.MODIFY})
"""Lines with these actions need a value for each required attribute."""


LineActions = Annotated[
    list[LineAction], BeforeValidator(as_list, json_schema_input_type=list[LineAction] | LineAction)
]
NameList = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=list[str] | str)]


class StepKind(StrEnum):
    CALL = "call"
    ACTIVITY = "activity"
    MANUAL = "manual"
    EVENT = "event"
    WAIT = "wait"
    MILESTONE = "milestone"


STEP_KINDS = {kind.value: kind for kind in StepKind}

HttpMethod = Literal["get", "post", "put", "patch", "delete"]
HTTP_METHODS: tuple[HttpMethod, ...] = ("get", "post", "put", "patch", "delete")
_HTTP_METHOD_SET = frozenset(HTTP_METHODS)
BodyFormat = Literal["json", "form", "xml", "text"]


class CallbackDefinition(StrictModel):
    within: DurationOrTemplate | None = None


class PollDefinition(StrictModel):
    get: str
    every: DurationOrTemplate = timedelta(seconds=30)
    within: DurationOrTemplate | None = None
    until: BareExpression
    """CEL, sees `response`."""


class CallDefinition(StrictModel):
    """An HTTP call to a system. Exactly one of the methods holds the path, relative to the system's base_url."""

    system: str
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    query: dict[str, Any] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    format: BodyFormat = "json"
    accept: BodyFormat | None = None
    callback: CallbackDefinition | None = None
    poll: PollDefinition | None = None

    @property
    def method(self) -> HttpMethod:
        return next(method for method in HTTP_METHODS if getattr(self, method) is not None)

    @property
    def path(self) -> str:
        path: str = getattr(self, self.method)
        return path

    @model_validator(mode="after")
    def _require_one_method(self) -> CallDefinition:
        given = sorted(
            word for word in self.model_fields_set if word in _HTTP_METHOD_SET and getattr(self, word) is not None
        )
        if len(given) != 1:
            raise ValueError(
                f"a call needs exactly one of {', '.join(HTTP_METHODS)}"
                + (f"; it has {' and '.join(given)}" if given else "")
            )
        if self.callback and self.poll:
            raise ValueError("a call completes by `callback` or by `poll`, not by both")
        return self


class ManualDefinition(StrictModel):
    queue: str
    instructions: str = ""
    form: dict[str, Attribute] = Field(default_factory=dict)


class EventDefinition(StrictModel):
    name: Annotated[NameList, Field(min_length=1)]
    key: str | None = None
    match: BareExpression | None = None
    """CEL, sees `payload` and `event`."""
    within: DurationOrTemplate | None = None


class WaitDefinition(StrictModel):
    for_: DurationOrTemplate | None = Field(None, alias="for")
    until: str | None = None
    """Text that holds a date-time, or a template of one."""
    condition: BareExpression | None = None
    """CEL."""
    within: DurationOrTemplate | None = None

    @model_validator(mode="after")
    def _require_one_condition(self) -> WaitDefinition:
        given = [value for value in (self.for_, self.until, self.condition) if value is not None]
        if len(given) != 1:
            raise ValueError("a wait needs exactly one of for, until, condition")
        if self.within is not None and self.condition is None:
            raise ValueError("`within` limits a `condition`; a wait `for` or `until` ends by itself")
        return self


class StartDefinition(StrictModel):
    delay: DurationOrTemplate | None = None
    at: str | None = None
    latest: Literal[True] | None = None

    @model_validator(mode="after")
    def _require_one_time(self) -> StartDefinition:
        if sum(value is not None for value in (self.delay, self.at, self.latest)) != 1:
            raise ValueError("`start` needs exactly one of delay, at, latest")
        return self


class FailureCondition(StrictModel):
    if_: BareExpression = Field(alias="if")
    code: str
    message: str = ""


class SlaDefinition(StrictModel):
    duration: DurationOrTemplate
    warn: DurationOrTemplate | None = None
    escalate: str | None = None


LineScope = Literal["line", "bundle", "order"]


class FailureRule(StrictModel):
    """One row of `on_failure`: what is done with a failure of this code (any, where none is named)."""

    code: str | None = None
    do: Literal["fallout", "continue"] | None = None
    queue: str | None = None
    retry: RetryPolicyOrId | None = None
    """Of what is in fallout: further rounds of attempts by itself, at this policy's intervals, until a person acts."""
    rollback: LineScope | None = None
    redo_from: str | None = None
    max: int | None = Field(None, ge=1, le=100)

    @model_validator(mode="after")
    def _require_one_action(self) -> FailureRule:
        if sum(value is not None for value in (self.do, self.rollback, self.redo_from)) != 1:
            raise ValueError("say exactly one of `do: fallout`, `do: continue`, `rollback`, `redo_from`")
        if self.max is not None and self.redo_from is None:
            raise ValueError("`max` counts the rounds of `redo_from`")
        if self.queue is not None and self.do != "fallout":
            raise ValueError("`queue` says whose fallout it is: it goes with `do: fallout`")
        if self.retry is not None and self.do != "fallout":
            raise ValueError("`retry` tries again what is in fallout: it goes with `do: fallout`")
        return self


_DEFAULT_ON_FAILURE = [FailureRule(do="fallout")]


def _default_on_failure() -> list[FailureRule]:
    """One list for all: most steps have it, and nothing changes it."""
    return _DEFAULT_ON_FAILURE


def _failure_rules(value: object) -> object:
    if isinstance(value, str):
        return [{"do": value}]
    return [value] if isinstance(value, dict) else value


FailureRules = Annotated[
    list[FailureRule],
    BeforeValidator(
        _failure_rules, json_schema_input_type=list[FailureRule] | FailureRule | Literal["fallout", "continue"]
    ),
]


class UndoDefinition(StrictModel):
    """What takes a step's effect back; sees the step's `output`."""

    call: CallDefinition | None = None
    activity: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    manual: ManualDefinition | None = None
    retry: RetryPolicyOrId | None = None
    timeout: DurationOrTemplate | None = None

    @model_validator(mode="after")
    def _require_one_kind(self) -> UndoDefinition:
        if sum(value is not None for value in (self.call, self.activity, self.manual)) != 1:
            raise ValueError("`undo` needs exactly one of call, activity, manual")
        return self


class InPlaceUpdate(StrictModel):
    call: CallDefinition


OnChange = Annotated[
    Annotated[Literal["redo", "keep"], Tag("a word")] | Annotated[InPlaceUpdate, Tag("a patch")],
    Discriminator(mapping_tag("a patch", "a word")),
]


StepKey = tuple[str, str]
"""Workstream id and step id."""


class StepReference(StrictModel):
    """`step`, `workstream.step` or `workstream`, optionally widened by `across`."""

    step: str
    across: LineScope | None = None


class CrossOrderReference(StrictModel):
    """A step of another order."""

    order: str
    step: str
    within: DurationOrTemplate | None = None


def _expand_reference(value: object) -> object:
    return {"step": value} if isinstance(value, str) else value


def _reference_tag(value: object) -> str:
    has_order = "order" in value if isinstance(value, dict) else isinstance(value, CrossOrderReference)
    return "another order's step" if has_order else "a step"


AnyStepReference = Annotated[
    Annotated[CrossOrderReference, Tag("another order's step")] | Annotated[StepReference, Tag("a step")],
    Discriminator(_reference_tag),
    BeforeValidator(_expand_reference, json_schema_input_type=str | StepReference | CrossOrderReference),
]
AnyStepReferences = Annotated[
    list[AnyStepReference], BeforeValidator(as_list, json_schema_input_type=list[AnyStepReference] | AnyStepReference)
]


class StepDefinition(StrictModel):
    """One step as written, defaults filled in. Exactly one of the kinds is given."""

    name: str | None = None
    description: str | None = None

    call: CallDefinition | None = None
    activity: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    manual: ManualDefinition | None = None
    event: EventDefinition | None = None
    wait: WaitDefinition | None = None
    milestone: Literal[True] | None = None

    after: AnyStepReferences = Field(default_factory=list)
    per: BareExpression | None = None
    """None: the workstream's. Else line, bundle, order, or CEL over the line."""
    actions: LineActions | None = None
    """None: the workstream's."""
    when: BareExpression | None = None
    start: StartDefinition | None = None
    expected: DurationOrTemplate | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryPolicyOrId | None = None
    fail_when: list[FailureCondition] = Field(default_factory=list)
    sla: SlaDefinition | None = None
    on_failure: FailureRules = Field(default_factory=_default_on_failure)
    undo: UndoDefinition | None = None
    on_change: OnChange = "redo"
    point_of_no_return: bool = False
    output: Any = None
    """A template over `response`, `payload` or the form's data; None: the answer's body, the payload, the data."""
    default_output: Any = None

    @property
    def kind(self) -> StepKind:
        return next(kind for word, kind in STEP_KINDS.items() if getattr(self, word) is not None)

    @model_validator(mode="after")
    def _require_one_kind(self) -> StepDefinition:
        given = sorted(word for word in self.model_fields_set if word in STEP_KINDS and getattr(self, word) is not None)
        if len(given) != 1:
            said = f"it has {' and '.join(given)}" if given else "it has none"
            raise ValueError(f"a step does exactly one of {', '.join(StepKind)}; {said}")
        if self.with_ and self.activity is None:
            raise ValueError("`with` hands values to an `activity`, and this step has none")
        return self
