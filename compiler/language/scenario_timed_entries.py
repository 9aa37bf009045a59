"""What happens in a scenario, and when: events and callbacks, and what every entry with a time has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from compiler.language.durations import Duration
from compiler.language.references import EventName, StepOrInstance
from compiler.language.strict_model import StrictModel

Work = Literal["do", "undo"]
StepStateName = Literal[
    "pending", "scheduled", "ready", "in_progress", "failed", "fatally_failed", "on_hold", "completed", "skipped",
    "failed_accepted", "discarded", "cancelled", "amended",
]  # fmt: skip
"""The states of steps (docs/engine.md)."""


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


class TimedEntry(StrictModel):
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
    def _require_time(self) -> TimedEntry:
        if self.after is None and self.when is None:
            raise ValueError("say when it happens: `after: DURATION`, `when: STEP`, or both")
        return self


class EventEntry(TimedEntry):
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


class CallbackEntry(TimedEntry):
    """The system calls back."""

    callback: Any
    """The content of the callback; may contain ${…} like the key of an event."""
    step: StepOrInstance | None = None
    """The step whose call it answers; that of `when` if omitted."""
