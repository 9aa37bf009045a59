"""What systems, Python activities and receivers answer in a scenario."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from compiler.language.answers import Answer, NoAnswer
from compiler.language.example_answers import ExampleCallback, ExampleEvent
from compiler.language.references import ReceiverName, StepOrInstance
from compiler.language.strict_model import StrictModel, as_list

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


class ReceiverAnswer(StrictModel):
    """What a receiver answers to a notification."""

    status: int = Field(204, ge=200, le=599)
    """The HTTP status. What is not 2xx means that the notification is not delivered."""
    headers: dict[str, str] = Field(default_factory=dict)
    """The headers, such as Retry-After."""
    error: Literal["connection"] | None = None
    """Instead of an answer: the connection is lost."""


class ReceiverEntry(StrictModel):
    """The answer of a receiver to notifications."""

    receiver: ReceiverName
    """The receiver."""
    answer: ReceiverAnswer
    """The answer."""
    times: int | None = Field(None, ge=1)
    """How many notifications get it; all that follow if omitted."""
