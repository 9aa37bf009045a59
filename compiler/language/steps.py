"""Step definitions: the models of what stands under `steps:` (docs/language.md, Step)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from compiler.language.attributes import Attribute
from compiler.language.durations import Duration, DurationOrTemplate


class Model(BaseModel):
    """A piece of a definition: unknown keys are errors, and nothing changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def __eq__(self, other: object) -> bool:
        """By what it says, whether or not defaults were spelled out: asked once for every part of every definition."""
        return type(other) is type(self) and self.__dict__ == other.__dict__


def as_list(value: object) -> object:
    """`x` and `[x]` are the same where a list of one is usual."""
    return value if isinstance(value, list | tuple) or value is None else [value]


def _expression_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


BareExpression = Annotated[str, BeforeValidator(_expression_text, json_schema_input_type=str | bool | int | float)]
"""A CEL text; a plain number or truth value is one too (`when: true`, `quantity: 2`)."""


class Action(StrEnum):
    """What an order line asks for (TMF622: add, modify, delete, noChange)."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"
    NO_CHANGE = "no_change"


Actions = Annotated[list[Action], BeforeValidator(as_list, json_schema_input_type=list[Action] | Action)]
Names = Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=list[str] | str)]


class StepKind(StrEnum):
    CALL = "call"
    ACTIVITY = "activity"
    MANUAL = "manual"
    EVENT = "event"
    WAIT = "wait"
    MILESTONE = "milestone"


KINDS = {kind.value: kind for kind in StepKind}

Method = Literal["get", "post", "put", "patch", "delete"]
METHODS: tuple[Method, ...] = ("get", "post", "put", "patch", "delete")
_METHODS = frozenset(METHODS)
Format = Literal["json", "form", "xml", "text"]


class Callback(Model):
    within: DurationOrTemplate | None = None


class Poll(Model):
    get: str
    every: DurationOrTemplate = timedelta(seconds=30)
    within: DurationOrTemplate | None = None
    until: BareExpression
    """CEL, sees `response`."""


class Call(Model):
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
    format: Format = "json"
    accept: Format | None = None
    callback: Callback | None = None
    poll: Poll | None = None

    @property
    def method(self) -> Method:
        return next(method for method in METHODS if getattr(self, method) is not None)

    @property
    def path(self) -> str:
        path: str = getattr(self, self.method)
        return path

    @model_validator(mode="after")
    def _one_method(self) -> Call:
        given = sorted(word for word in self.model_fields_set if word in _METHODS and getattr(self, word) is not None)
        if len(given) != 1:
            raise ValueError(
                f"a call needs exactly one of {', '.join(METHODS)}"
                + (f"; it has {' and '.join(given)}" if given else "")
            )
        if self.callback and self.poll:
            raise ValueError("a call completes by `callback` or by `poll`, not by both")
        return self


class Manual(Model):
    queue: str
    instructions: str = ""
    form: dict[str, Attribute] = Field(default_factory=dict)


class Event(Model):
    name: Annotated[Names, Field(min_length=1)]
    key: str | None = None
    match: BareExpression | None = None
    """CEL, sees `payload` and `event`."""
    within: DurationOrTemplate | None = None


class Wait(Model):
    for_: DurationOrTemplate | None = Field(None, alias="for")
    until: str | None = None
    """Text that holds a date-time, or a template of one."""
    condition: BareExpression | None = None
    """CEL."""
    within: DurationOrTemplate | None = None

    @model_validator(mode="after")
    def _one_wait(self) -> Wait:
        given = [value for value in (self.for_, self.until, self.condition) if value is not None]
        if len(given) != 1:
            raise ValueError("a wait needs exactly one of for, until, condition")
        if self.within is not None and self.condition is None:
            raise ValueError("`within` limits a `condition`; a wait `for` or `until` ends by itself")
        return self


class Start(Model):
    delay: DurationOrTemplate | None = None
    at: str | None = None
    latest: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_start(self) -> Start:
        if sum(value is not None for value in (self.delay, self.at, self.latest)) != 1:
            raise ValueError("`start` needs exactly one of delay, at, latest")
        return self


def _code_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[str, BeforeValidator(_code_text, json_schema_input_type=str | int)]
"""`404` is a code as `"404"` is."""
Codes = Annotated[list[Code], BeforeValidator(as_list, json_schema_input_type=list[Code] | Code)]


class RetryPolicy(Model):
    """How often and when an attempt that failed is made again."""

    max_attempts: int = Field(5, ge=1, le=1000)
    initial: Duration = timedelta(seconds=1)
    backoff: float = Field(2.0, ge=1.0, le=100.0)
    max_interval: Duration = timedelta(minutes=1)
    intervals: list[Duration] | None = None
    """A fixed ladder instead of a back-off: n intervals make n + 1 attempts."""
    give_up_on: Codes = Field(default_factory=list)
    """Error codes, or classes of HTTP status (`4xx`, which leaves out 408, 425 and 429)."""

    @property
    def attempts(self) -> int:
        return self.max_attempts if self.intervals is None else len(self.intervals) + 1


def pause_after(policy: RetryPolicy, attempt: int) -> float:
    """Seconds between attempt number `attempt` (from 1) and the next one."""
    if policy.intervals is not None:
        return policy.intervals[min(attempt, len(policy.intervals)) - 1].total_seconds()
    longest = policy.max_interval.total_seconds()
    try:
        return min(policy.initial.total_seconds() * policy.backoff ** (attempt - 1), longest)
    except OverflowError:
        return longest


def _retry_shape(value: object) -> str:
    return "a policy" if isinstance(value, dict | RetryPolicy) else "an id"


RetryChoice = Annotated[
    Annotated[str, Tag("an id")] | Annotated[RetryPolicy, Tag("a policy")], Discriminator(_retry_shape)
]
"""A policy's id, or a policy written where it is used."""

STANDARD_RETRY = RetryPolicy(give_up_on=["invalid_request", "4xx"])
"""The policy in force where neither step nor system names one, unless a document `standard` replaces it."""


class FailWhen(Model):
    if_: BareExpression = Field(alias="if")
    code: str
    message: str = ""


class Sla(Model):
    duration: DurationOrTemplate
    warn: DurationOrTemplate | None = None
    escalate: str | None = None


Scope = Literal["line", "bundle", "order"]


class FailureCase(Model):
    """One row of `on_failure`: what is done with a failure of this code (any, where none is named)."""

    code: str | None = None
    do: Literal["fallout", "continue"] | None = None
    queue: str | None = None
    retry: RetryChoice | None = None
    """Of what is in fallout: further rounds of attempts by itself, at this policy's intervals, until a person acts."""
    rollback: Scope | None = None
    redo_from: str | None = None
    max: int | None = Field(None, ge=1, le=100)

    @model_validator(mode="after")
    def _one_remedy(self) -> FailureCase:
        if sum(value is not None for value in (self.do, self.rollback, self.redo_from)) != 1:
            raise ValueError("say exactly one of `do: fallout`, `do: continue`, `rollback`, `redo_from`")
        if self.max is not None and self.redo_from is None:
            raise ValueError("`max` counts the rounds of `redo_from`")
        if self.queue is not None and self.do != "fallout":
            raise ValueError("`queue` says whose fallout it is: it goes with `do: fallout`")
        if self.retry is not None and self.do != "fallout":
            raise ValueError("`retry` tries again what is in fallout: it goes with `do: fallout`")
        return self


_PARKED = [FailureCase(do="fallout")]


def _park() -> list[FailureCase]:
    """One list for all: most steps have it, and nothing changes it."""
    return _PARKED


def _failure_cases(value: object) -> object:
    if isinstance(value, str):
        return [{"do": value}]
    return [value] if isinstance(value, dict) else value


FailureCases = Annotated[
    list[FailureCase],
    BeforeValidator(
        _failure_cases, json_schema_input_type=list[FailureCase] | FailureCase | Literal["fallout", "continue"]
    ),
]


class Undo(Model):
    """What takes a step's effect back; sees the step's `output`."""

    call: Call | None = None
    activity: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    manual: Manual | None = None
    retry: RetryChoice | None = None
    timeout: DurationOrTemplate | None = None

    @model_validator(mode="after")
    def _one_undo(self) -> Undo:
        if sum(value is not None for value in (self.call, self.activity, self.manual)) != 1:
            raise ValueError("`undo` needs exactly one of call, activity, manual")
        return self


class PatchChange(Model):
    call: Call


def _change_shape(value: object) -> str:
    return "a patch" if isinstance(value, dict | PatchChange) else "a word"


OnChange = Annotated[
    Annotated[Literal["redo", "keep"], Tag("a word")] | Annotated[PatchChange, Tag("a patch")],
    Discriminator(_change_shape),
]


class StepReference(Model):
    """`step`, `workstream.step` or `workstream`, optionally widened by `across`."""

    step: str
    across: Scope | None = None


class OrderReference(Model):
    """A step of another order."""

    order: str
    step: str
    within: DurationOrTemplate | None = None


def _reference(value: object) -> object:
    return {"step": value} if isinstance(value, str) else value


def _reference_shape(value: object) -> str:
    has_order = "order" in value if isinstance(value, dict) else isinstance(value, OrderReference)
    return "another order's step" if has_order else "a step"


Reference = Annotated[
    Annotated[OrderReference, Tag("another order's step")] | Annotated[StepReference, Tag("a step")],
    Discriminator(_reference_shape),
    BeforeValidator(_reference, json_schema_input_type=str | StepReference | OrderReference),
]
References = Annotated[list[Reference], BeforeValidator(as_list, json_schema_input_type=list[Reference] | Reference)]


class StepDefinition(Model):
    """One step as written, defaults filled in. Exactly one of the kinds is given."""

    name: str | None = None
    description: str | None = None

    call: Call | None = None
    activity: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    manual: Manual | None = None
    event: Event | None = None
    wait: Wait | None = None
    milestone: Literal[True] | None = None

    after: References = Field(default_factory=list)
    per: BareExpression | None = None
    """None: the workstream's. Else line, bundle, order, or CEL over the line."""
    actions: Actions | None = None
    """None: the workstream's."""
    when: BareExpression | None = None
    start: Start | None = None
    expected: DurationOrTemplate | None = None
    timeout: DurationOrTemplate | None = None
    retry: RetryChoice | None = None
    fail_when: list[FailWhen] = Field(default_factory=list)
    sla: Sla | None = None
    on_failure: FailureCases = Field(default_factory=_park)
    undo: Undo | None = None
    on_change: OnChange = "redo"
    point_of_no_return: bool = False
    output: Any = None
    """A template over `response`, `payload` or the form's data; None: the answer's body, the payload, the data."""
    default_output: Any = None

    @property
    def kind(self) -> StepKind:
        return next(kind for word, kind in KINDS.items() if getattr(self, word) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> StepDefinition:
        given = sorted(word for word in self.model_fields_set if word in KINDS and getattr(self, word) is not None)
        if len(given) != 1:
            said = f"it has {' and '.join(given)}" if given else "it has none"
            raise ValueError(f"a step does exactly one of {', '.join(StepKind)}; {said}")
        if self.with_ and self.activity is None:
            raise ValueError("`with` hands values to an `activity`, and this step has none")
        return self
