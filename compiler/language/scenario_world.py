"""The `world` of a scenario: what systems answer, what happens, and what people do (docs/language.md, Scenario)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, model_validator

from compiler.language.answers import Answer, NoAnswer
from compiler.language.durations import Duration, parse_duration
from compiler.language.example_answers import ExampleCallback, ExampleEvent
from compiler.language.order_overrides import OrderOverrides
from compiler.language.references import EventName, StepOrInstance, SystemName
from compiler.language.strict_model import StrictModel, as_list, mapping_tag, require_one
from compiler.values import parse_timestamp

Work = Literal["do", "undo"]
StepStateName = Literal[
    "pending", "scheduled", "ready", "in_progress", "failed", "fatally_failed", "on_hold", "completed", "skipped",
    "failed_accepted", "discarded", "cancelled", "amended",
]  # fmt: skip
"""The states of steps (docs/engine.md)."""


def _order_source(value: object) -> object:
    if not isinstance(value, str | dict):
        raise ValueError("must be the name of a file, or an order")
    return value


OrderSource = Annotated[str | dict[str, Any], BeforeValidator(_order_source)]
"""The file of an order, relative to the scenario's own, or the order itself."""


class AwaitedStep(StrictModel):
    """A step that comes into a state."""

    step: StepOrInstance
    """workstream.step for each of its instances, or the id of one."""
    state: StepStateName = "in_progress"
    """The state; in_progress if omitted."""
    of: Work = "do"
    """undo: the state of its undo."""


def _expand_awaited(value: object) -> object:
    return {"step": value} if isinstance(value, str) else value


Awaited = Annotated[AwaitedStep, BeforeValidator(_expand_awaited, json_schema_input_type=StepOrInstance | AwaitedStep)]


OneOrManyCallbacks = Annotated[
    list[ExampleCallback], BeforeValidator(as_list, json_schema_input_type=list[ExampleCallback] | ExampleCallback)
]
OneOrManyEvents = Annotated[
    list[ExampleEvent], BeforeValidator(as_list, json_schema_input_type=list[ExampleEvent] | ExampleEvent)
]


class ScenarioAnswer(Answer):
    """What a system, or a Python activity, answers in a scenario."""

    error: NoAnswer | None = None
    """Instead of an answer: timeout or connection."""
    calls_back: OneOrManyCallbacks = Field(default_factory=list)
    """Callbacks that follow."""
    sends: OneOrManyEvents = Field(default_factory=list)
    """Events that follow."""
    output: Any = None
    """The output of a Python activity (`activity: NAME`)."""


class AnswerEntry(StrictModel):
    """The answer to the calls of a step."""

    on: StepOrInstance
    """workstream.step, or the id of an instance."""
    of: Literal["do", "undo", "change", "poll"] | None = None
    """Which calls of the step: the call itself, its undo, its change in place, or its polls; do if omitted."""
    answer: ScenarioAnswer
    """The answer."""
    times: int | None = Field(None, ge=1)
    """How many calls of each instance get it; all that follow if omitted."""


class Happening(StrictModel):
    """Something that happens once its time has come."""

    after: Duration | None = None
    """How long after `when`, or after the start of the scenario."""
    when: Awaited | None = None
    """The step, and its state, from which `after` counts. Each instance of the step counts for itself."""
    times: int = Field(1, ge=1)
    """With `when`: how often it happens for each instance, if the step comes into the state again and again."""
    refused: str | None = None
    """It is expected to be refused: the code (`not_now`), or the reason (`past_point_of_no_return`)."""

    @model_validator(mode="after")
    def _require_time(self) -> Happening:
        if self.after is None and self.when is None:
            raise ValueError("say when it happens: `after: DURATION`, `when: STEP`, or both")
        return self


class EventHappening(Happening):
    """An event arrives, as systems send it: by name and key."""

    event: EventName
    """The name of the event."""
    key: str | None = None
    """The key of the event; may contain ${steps.NAME.output.…} of the step that `when` names, and ${order.…}."""
    payload: Any = None
    """The content of the event; may contain ${…} like the key."""
    step: StepOrInstance | None = None
    """The step that it is for, if several would take it."""
    id: str | None = None
    """The id of the event: an event with the same id counts once."""


class CallbackHappening(Happening):
    """The system calls back."""

    callback: Any
    """The content of the callback; may contain ${…} like the key of an event."""
    step: StepOrInstance | None = None
    """The step whose call it answers; that of `when` if omitted."""


class Act(Happening):
    """Somebody acts on the order."""

    by: str = "scenario"
    """Who."""
    reason: str = ""
    """Why."""


class StepAct(Act):
    """Somebody acts on a step."""

    step: StepOrInstance | None = None
    """The step; that of `when` if omitted."""
    take_over: bool = False
    """Although somebody else holds the step."""


def _no_data(value: object) -> object:
    return {} if value is True or value is None else value


ActData = Annotated[
    dict[str, Any], BeforeValidator(_no_data, json_schema_input_type=dict[str, Any] | Literal[True] | None)
]


class CompleteAct(StepAct):
    complete: ActData
    """Completes a task, or a step in fallout: what its form asks for, or the step's output; `true` without data."""


class RetryAct(StepAct):
    retry: ActData
    """Tries a step in fallout again: changed input, or `true`."""


class SkipAct(StepAct):
    skip: ActData
    """Skips a step in fallout: the output that later steps need, or `true`."""


class ProceedAct(StepAct):
    proceed: Literal[True]
    """Lets a step continue without the step of another order, or the line, that it waits for."""


class ClaimAct(StepAct):
    claim: Literal[True]
    """Takes a task, or a step in fallout, that nobody has."""


class AssignAct(StepAct):
    assign: str
    """The person who gets the task, or the step in fallout; an empty name returns it to its queue."""


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError:
            pass
    return parse_timestamp(value)


Moment = Annotated[timedelta | datetime, BeforeValidator(_moment, json_schema_input_type=str)]
"""A time, or a duration since the start of the scenario."""


class RescheduleAct(StepAct):
    reschedule: Moment
    """The time to which a start, the end of a wait, or the next attempt moves: a time, or a duration since the start.
    """


class Extension(StrictModel):
    """More time for what a step waits for, or by its sla."""

    by: Duration | None = None
    """How much more."""
    to: Moment | None = None
    """Until when: a time, or a duration since the start."""
    limit: Literal["within", "sla"] | None = None
    """Which limit, if the step has both."""

    @model_validator(mode="after")
    def _require_one(self) -> Extension:
        require_one(self, "`extend`", "by", "to")
        return self


class ExtendAct(StepAct):
    extend: Extension
    """Gives a step more time."""


class ImpactAct(Act):
    """Somebody does what undoes work."""

    override: str | None = None
    """Why points of no return do not count."""


class RedoAct(ImpactAct):
    redo: Literal[True]
    """Undoes the steps from this one on, and does them again."""
    step: StepOrInstance | None = None
    """The step; that of `when` if omitted."""
    take_over: bool = False
    """Although somebody else holds the step."""


class CancelAct(ImpactAct):
    cancel: str | Literal[True]
    """Cancels the order: the reason, or `true`."""


class LineTarget(StrictModel):
    """An order line, or a fulfilment line."""

    line: str
    """The id of the line."""


OrderOrLine = Annotated[
    Annotated[Literal["order"], Tag("the order")] | Annotated[LineTarget, Tag("a line")],
    Discriminator(mapping_tag("a line", "the order")),
]
HoldTarget = Annotated[
    Annotated[Literal["order", "step"], Tag("a word")] | Annotated[LineTarget, Tag("a line")],
    Discriminator(mapping_tag("a line", "a word")),
]


class RollbackAct(ImpactAct):
    rollback: OrderOrLine
    """Undoes what was done for the order, or for a line, and gives it up."""


class HoldAct(Act):
    hold: HoldTarget
    """Holds the order, a line, or the step."""
    step: StepOrInstance | None = None
    """The step, with `hold: step`; that of `when` if omitted."""


class ResumeAct(Act):
    resume: HoldTarget
    """Resumes the order, a line, or the step."""
    step: StepOrInstance | None = None
    """The step, with `resume: step`; that of `when` if omitted."""


class NoteAct(Act):
    note: str
    """A note in the order's history."""
    step: StepOrInstance | None = None
    """The step that it is about; the order if omitted."""


class SetAct(Act):
    set_: dict[str, Any] = Field(alias="set", min_length=1)
    """Characteristic → value."""


class Amendment(StrictModel):
    """The order, changed."""

    with_: OrderOverrides | None = Field(None, alias="with")
    """What is different from the order as it is now."""
    order: OrderSource | None = None
    """The whole new order: a file, or the order itself."""

    @model_validator(mode="after")
    def _require_change(self) -> Amendment:
        if self.with_ is None and self.order is None:
            raise ValueError("`amend` needs `with` (what is different), `order` (the whole new order), or both")
        return self


class AmendAct(ImpactAct):
    amend: Amendment
    """Changes the order."""


class SwitchedSystem(StrictModel):
    """A system whose calls wait from now on, or no longer."""

    off: SystemName | None = None
    """The system whose calls wait."""
    on: SystemName | None = None
    """The system whose calls go on."""

    @model_validator(mode="after")
    def _require_one(self) -> SwitchedSystem:
        require_one(self, "`system`", "off", "on")
        return self


class SystemAct(Act):
    system: SwitchedSystem
    """Switches a system off or on."""


_TAGS: Mapping[str, str] = {
    "on": "an answer",
    "event": "an event",
    "callback": "a callback",
    "complete": "a completion",
    "retry": "a retry",
    "skip": "a skip",
    "proceed": "a go-ahead",
    "claim": "a claim",
    "assign": "an assignment",
    "reschedule": "a new time",
    "extend": "more time",
    "redo": "a redo",
    "cancel": "a cancellation",
    "rollback": "a roll-back",
    "hold": "a hold",
    "resume": "a resumption",
    "note": "a note",
    "set": "new characteristics",
    "amend": "an amendment",
    "system": "a switch",
}
_FIELDS = {"set": "set_"}


def _world_tag(value: object) -> str | None:
    """By the key that says what happens."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return next((tag for key, tag in _TAGS.items() if _FIELDS.get(key, key) in fields), None)
    return next((tag for key, tag in _TAGS.items() if key in value), None) if isinstance(value, dict) else None


WorldEntry = Annotated[
    Annotated[AnswerEntry, Tag("an answer")]
    | Annotated[EventHappening, Tag("an event")]
    | Annotated[CallbackHappening, Tag("a callback")]
    | Annotated[CompleteAct, Tag("a completion")]
    | Annotated[RetryAct, Tag("a retry")]
    | Annotated[SkipAct, Tag("a skip")]
    | Annotated[ProceedAct, Tag("a go-ahead")]
    | Annotated[ClaimAct, Tag("a claim")]
    | Annotated[AssignAct, Tag("an assignment")]
    | Annotated[RescheduleAct, Tag("a new time")]
    | Annotated[ExtendAct, Tag("more time")]
    | Annotated[RedoAct, Tag("a redo")]
    | Annotated[CancelAct, Tag("a cancellation")]
    | Annotated[RollbackAct, Tag("a roll-back")]
    | Annotated[HoldAct, Tag("a hold")]
    | Annotated[ResumeAct, Tag("a resumption")]
    | Annotated[NoteAct, Tag("a note")]
    | Annotated[SetAct, Tag("new characteristics")]
    | Annotated[AmendAct, Tag("an amendment")]
    | Annotated[SystemAct, Tag("a switch")],
    Discriminator(
        _world_tag,
        custom_error_type="value-invalid",
        custom_error_message=f"needs one of {', '.join(_TAGS)}",
    ),
]
