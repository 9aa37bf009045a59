"""The models of what a step waits for: a callback, the end of polling, an event, a time or a condition."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from compiler.language.durations import DurationOrTemplate
from compiler.language.references import EventName
from compiler.language.strict_model import BareExpression, StrictModel, as_list, require_one

EventNames = Annotated[
    list[EventName], BeforeValidator(as_list, json_schema_input_type=list[EventName] | EventName), Field(min_length=1)
]


class CallbackDefinition(StrictModel):
    """The system calls back when it has done what the call asked for."""

    within: DurationOrTemplate | None = None
    """How long to wait for the callback; then the step fails with code timeout."""


class PollDefinition(StrictModel):
    """The system is asked repeatedly whether it has done what the call asked for."""

    get: str
    """The path of the GET call that is repeated."""
    every: DurationOrTemplate = timedelta(seconds=30)
    """The pause between two calls."""
    within: DurationOrTemplate | None = None
    """How long to poll; then the step fails with code timeout."""
    until: BareExpression
    """The condition (CEL over response) that ends polling."""


class EventDefinition(StrictModel):
    """What completes an event step."""

    name: EventNames
    """The names of the events that complete the step."""
    key: str | None = None
    """The key that the event must have."""
    match: BareExpression | None = None
    """A condition (CEL over payload and event)."""
    within: DurationOrTemplate | None = None
    """How long to wait; then the step fails with code timeout."""


class WaitDefinition(StrictModel):
    """A timer, or a pause until a condition holds."""

    for_: DurationOrTemplate | None = Field(None, alias="for")
    """How long to wait."""
    until: str | None = None
    """A date-time, or a template of one."""
    condition: BareExpression | None = None
    """The condition (CEL) that ends the wait."""
    within: DurationOrTemplate | None = None
    """How long to wait for the condition; then the step fails with code timeout."""

    @model_validator(mode="after")
    def _require_one_condition(self) -> WaitDefinition:
        require_one(self, "a wait", "for_", "until", "condition")
        if self.within is not None and self.condition is None:
            raise ValueError("`within` limits a `condition`; a wait `for` or `until` ends by itself")
        return self
