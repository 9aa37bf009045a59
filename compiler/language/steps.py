"""The models of step definitions (docs/language.md, Step)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from compiler.language.attributes import Attribute
from compiler.language.durations import DurationOrTemplate
from compiler.language.http_words import HTTP_METHODS, BodyFormat, HttpMethod
from compiler.language.references import (
    ActivityName,
    OwnStepName,
    QueueName,
    ReceiverOrQueueName,
    StepReferenceText,
    SystemName,
)
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.strict_model import BareExpression, StrictModel, as_list, mapping_tag, require_one
from compiler.language.waits import CallbackDefinition, EventDefinition, PollDefinition, WaitDefinition


class LineAction(StrEnum):
    """What an order line asks for (TMF622: add, modify, delete, noChange)."""

    ADD = "add"
    MODIFY = "modify"
    DELETE = "delete"
    NO_CHANGE = "no_change"


class ReliedFailure(StrEnum):
    """What becomes of an order line if a line that it relies on is rolled back."""

    FALLOUT = "fallout"
    """Its next steps wait for a person's decision."""
    ROLLBACK = "rollback"
    """It is rolled back as well."""


ACTIONS_WITH_PREVIOUS = frozenset({LineAction.MODIFY, LineAction.DELETE})
"""Lines with these actions can say what the customer had before."""
ACTIONS_NEEDING_ATTRIBUTES = frozenset({LineAction.ADD, LineAction.MODIFY})
"""Lines with these actions need a value for each required attribute."""


LineActions = Annotated[
    list[LineAction], BeforeValidator(as_list, json_schema_input_type=list[LineAction] | LineAction)
]


class StepKind(StrEnum):
    CALL = "call"
    ACTIVITY = "activity"
    MANUAL = "manual"
    EVENT = "event"
    WAIT = "wait"
    MILESTONE = "milestone"


STEP_KINDS = {kind.value: kind for kind in StepKind}


class CallDefinition(StrictModel):
    """An HTTP call to a system. Exactly one of the methods has the path, relative to the system's base_url."""

    system: SystemName
    """The system that is called."""
    get: str | None = None
    """The path of a GET call."""
    post: str | None = None
    """The path of a POST call."""
    put: str | None = None
    """The path of a PUT call."""
    patch: str | None = None
    """The path of a PATCH call."""
    delete: str | None = None
    """The path of a DELETE call."""
    query: dict[str, Any] = Field(default_factory=dict)
    """The parameters after the path's `?`."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of the call."""
    body: Any = None
    """The content of the call."""
    format: BodyFormat = "json"
    """The format of body and answer: json, form, xml or text."""
    accept: BodyFormat | None = None
    """The format of the answer; that of the call if omitted."""
    callback: CallbackDefinition | None = None
    """The answer only acknowledges; the step completes when the system calls back."""
    poll: PollDefinition | None = None
    """The answer only acknowledges; the step completes when a condition holds."""

    @property
    def method(self) -> HttpMethod:
        return next(method for method in HTTP_METHODS if getattr(self, method) is not None)

    @property
    def path(self) -> str:
        path: str = getattr(self, self.method)
        return path

    @model_validator(mode="after")
    def _require_one_method(self) -> CallDefinition:
        require_one(self, "a call", *HTTP_METHODS)
        if self.callback and self.poll:
            raise ValueError("a call completes by `callback` or by `poll`, not by both")
        return self


class ManualDefinition(StrictModel):
    """A task for a person."""

    queue: QueueName
    """The queue that the task is in."""
    instructions: str = ""
    """What the person must do."""
    form: dict[str, Attribute] = Field(default_factory=dict)
    """The data that the person must give, declared like attributes."""


class StartDefinition(StrictModel):
    """The earliest start of a step."""

    delay: DurationOrTemplate | None = None
    """How long after the step is ready."""
    at: str | None = None
    """The time, as text or ${…}."""
    latest: Literal[True] | None = None
    """As late as the requested completion allows."""

    @model_validator(mode="after")
    def _require_one_time(self) -> StartDefinition:
        require_one(self, "`start`", "delay", "at", "latest")
        return self


class FailureCondition(StrictModel):
    """A business failure in an answer that is technically fine."""

    if_: BareExpression = Field(alias="if")
    """The condition (CEL) that makes the answer a failure."""
    code: str
    """The error code of the failure."""
    message: str = ""
    """The failure in words."""


class SlaDefinition(StrictModel):
    """How long a step may take before somebody is notified."""

    duration: DurationOrTemplate
    """How long the step may take, from ready."""
    warn: DurationOrTemplate | None = None
    """How long before the end of the duration the step is at risk."""
    escalate: ReceiverOrQueueName | None = None
    """The queue or receiver that is notified."""


LineScope = Literal["line", "bundle", "order"]


class FailureRule(StrictModel):
    """One rule of `on_failure`: what happens after a failure with this code."""

    code: str | None = None
    """The error code that the rule is for; any if omitted."""
    do: Literal["fallout", "continue"] | None = None
    """fallout (park the step for a person) or continue (note the failure and go on)."""
    queue: QueueName | None = None
    """The queue of the fallout."""
    retry: RetryPolicyOrId | None = None
    """Further rounds of attempts while the step is in fallout, at this policy's intervals, until a person acts."""
    rollback: LineScope | None = None
    """What is undone: line, bundle or order."""
    redo_from: OwnStepName | None = None
    """The step from which the work is done again."""
    max: int | None = Field(None, ge=1, le=100)
    """The maximum number of rounds."""

    @model_validator(mode="after")
    def _require_one_action(self) -> FailureRule:
        if sum(value is not None for value in (self.do, self.rollback, self.redo_from)) != 1:
            raise ValueError("give exactly one of `do: fallout`, `do: continue`, `rollback`, `redo_from`")
        if self.max is not None and self.redo_from is None:
            raise ValueError("`max` counts the rounds of `redo_from`")
        if self.queue is not None and self.do != "fallout":
            raise ValueError("`queue` is the queue of the fallout: it needs `do: fallout`")
        if self.retry is not None and self.do != "fallout":
            raise ValueError("`retry` repeats what is in fallout: it needs `do: fallout`")
        return self


_DEFAULT_ON_FAILURE = [FailureRule(do="fallout")]


def _default_on_failure() -> list[FailureRule]:
    """The same list for all steps: most have it, and nothing changes it."""
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
    """What undoes a step's effect. Its expressions can use the step's `output`."""

    call: CallDefinition | None = None
    """An HTTP call to a system."""
    activity: ActivityName | None = None
    """The name of a Python activity."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The input of the activity."""
    manual: ManualDefinition | None = None
    """A person does it."""
    retry: RetryPolicyOrId | None = None
    """A retry policy, or a policy's id."""
    timeout: DurationOrTemplate | None = None
    """The limit for one attempt."""

    @model_validator(mode="after")
    def _require_one_kind(self) -> UndoDefinition:
        require_one(self, "`undo`", "call", "activity", "manual")
        return self


class InPlaceUpdate(StrictModel):
    """Changes the effect of a completed step, instead of undoing and doing it again."""

    call: CallDefinition
    """The call that updates the effect of the step."""


OnChange = Annotated[
    Annotated[Literal["redo", "keep"], Tag("a word")] | Annotated[InPlaceUpdate, Tag("a patch")],
    Discriminator(mapping_tag("a patch", "a word")),
]


StepKey = tuple[str, str]
"""Workstream id and step id."""


class StepReference(StrictModel):
    """`step`, `workstream.step` or `workstream`, optionally widened by `across`."""

    step: StepReferenceText
    """step, workstream.step, or workstream."""
    across: LineScope | None = None
    """The instances that are meant: all of the order line, the top-level line (bundle) or the order."""


class CrossOrderReference(StrictModel):
    """A step of another order."""

    order: str
    """The other order's id."""
    step: StepReferenceText
    """workstream.step, or the id of an instance."""
    within: DurationOrTemplate | None = None
    """How long to wait; then the step fails with code timeout."""


def _expand_reference(value: object) -> object:
    return {"step": value} if isinstance(value, str) else value


def _reference_tag(value: object) -> str:
    has_order = "order" in value if isinstance(value, dict) else isinstance(value, CrossOrderReference)
    return "another order's step" if has_order else "a step"


AnyStepReference = Annotated[
    Annotated[CrossOrderReference, Tag("another order's step")] | Annotated[StepReference, Tag("a step")],
    Discriminator(_reference_tag),
    BeforeValidator(_expand_reference, json_schema_input_type=StepReferenceText | StepReference | CrossOrderReference),
]
AnyStepReferences = Annotated[
    list[AnyStepReference], BeforeValidator(as_list, json_schema_input_type=list[AnyStepReference] | AnyStepReference)
]


class StepDefinition(StrictModel):
    """One step as written, with defaults. It has exactly one kind."""

    name: str | None = None
    """Shown to people; the id if omitted."""
    description: str | None = None
    """For the readers of the definition."""

    call: CallDefinition | None = None
    """An HTTP call to a system."""
    activity: ActivityName | None = None
    """The name of a Python activity."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The input of the activity."""
    manual: ManualDefinition | None = None
    """A person does it."""
    event: EventDefinition | None = None
    """Waits for an event of this order."""
    wait: WaitDefinition | None = None
    """A timer, or a pause until a condition holds."""
    milestone: Literal[True] | None = None
    """A point that people watch; completes by itself."""

    after: AnyStepReferences = Field(default_factory=list)
    """The steps that this one waits for: step, workstream.step, or workstream."""
    per: BareExpression | None = None
    """How many instances there are: one per line, bundle or order, or per value of an expression (CEL) over the line;
    the workstream's if omitted."""
    actions: LineActions | None = None
    """The line actions that the step is planned for; the workstream's if omitted."""
    when: BareExpression | None = None
    """A condition (CEL); always, if omitted."""
    start: StartDefinition | None = None
    """Not before: a delay, a time, or as late as possible."""
    expected: DurationOrTemplate | None = None
    """How long the step usually takes."""
    timeout: DurationOrTemplate | None = None
    """The limit for one attempt."""
    retry: RetryPolicyOrId | None = None
    """A retry policy, or a policy's id."""
    fail_when: list[FailureCondition] = Field(default_factory=list)
    """Business failures in an answer that is technically fine."""
    sla: SlaDefinition | None = None
    """At risk at duration - warn, late at duration, counted from ready."""
    on_failure: FailureRules = Field(default_factory=_default_on_failure)
    """What happens when the step is out of attempts."""
    undo: UndoDefinition | None = None
    """What undoes the effect of the step."""
    on_change: OnChange = "redo"
    """What an amendment does to the step once it is done: redo, keep, or a call that updates it."""
    point_of_no_return: bool = False
    """Once the step starts, its lines can be neither cancelled nor changed."""
    output: Any = None
    """What later steps see (a template over response, payload or the form's data); the whole body, payload or data if
    omitted."""
    default_output: Any = None
    """What later steps see if this step was skipped."""

    @property
    def kind(self) -> StepKind:
        return next(kind for word, kind in STEP_KINDS.items() if getattr(self, word) is not None)

    @model_validator(mode="after")
    def _require_one_kind(self) -> StepDefinition:
        require_one(self, "a step", *STEP_KINDS)
        if self.with_ and self.activity is None:
            raise ValueError("`with` is the input of an `activity`, and this step has none")
        return self
