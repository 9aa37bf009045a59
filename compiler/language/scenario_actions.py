"""What people do in a scenario: the operator actions (workflows/contract/actions.py), and switched systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from compiler.language.durations import Duration, parse_duration
from compiler.language.order_overrides import OrderOverrides
from compiler.language.references import StepOrInstance, SystemName
from compiler.language.scenario_timed_entries import TimedEntry
from compiler.language.strict_model import StrictModel, mapping_tag, require_one
from compiler.values import parse_timestamp


def _order_source(value: object) -> object:
    if not isinstance(value, str | dict):
        raise ValueError("must be the name of a file, or an order")
    return value


OrderSource = Annotated[str | dict[str, Any], BeforeValidator(_order_source)]
"""The file of an order, relative to the scenario's own, or the order itself."""


class ActionEntry(TimedEntry):
    """Somebody acts on the order."""

    by: str = "scenario"
    """Who."""
    reason: str = ""
    """Why."""


class StepActionEntry(ActionEntry):
    """Somebody acts on a step."""

    step: StepOrInstance | None = None
    """The step; that of `when` if omitted."""
    take_over: bool = False
    """Although somebody else holds the step."""


def _no_data(value: object) -> object:
    return {} if value is True or value is None else value


ActionData = Annotated[
    dict[str, Any], BeforeValidator(_no_data, json_schema_input_type=dict[str, Any] | Literal[True] | None)
]


class CompleteEntry(StepActionEntry):
    complete: ActionData
    """Completes a task, or a step in fallout: what its form asks for, or the step's output; `true` without data."""


class RetryEntry(StepActionEntry):
    retry: ActionData
    """Tries a step in fallout again: changed input, or `true`."""


class SkipEntry(StepActionEntry):
    skip: ActionData
    """Skips a step in fallout: the output that later steps need, or `true`."""


class ProceedEntry(StepActionEntry):
    proceed: Literal[True]
    """Lets a step continue without the step of another order, or the line, that it waits for."""


class ClaimEntry(StepActionEntry):
    claim: Literal[True]
    """Takes a task, or a step in fallout, that nobody has."""


class AssignEntry(StepActionEntry):
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


class RescheduleEntry(StepActionEntry):
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


class ExtendEntry(StepActionEntry):
    extend: Extension
    """Gives a step more time."""


class ImpactEntry(ActionEntry):
    """Somebody does what undoes work."""

    override: str | None = None
    """Why points of no return do not count."""


class RedoEntry(ImpactEntry):
    redo: Literal[True]
    """Undoes the steps from this one on, and does them again."""
    step: StepOrInstance | None = None
    """The step; that of `when` if omitted."""
    take_over: bool = False
    """Although somebody else holds the step."""


class CancelEntry(ImpactEntry):
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


class RollbackEntry(ImpactEntry):
    rollback: OrderOrLine
    """Undoes what was done for the order, or for a line, and gives it up."""


class HoldEntry(ActionEntry):
    hold: HoldTarget
    """Holds the order, a line, or the step."""
    step: StepOrInstance | None = None
    """The step, with `hold: step`; that of `when` if omitted."""


class ResumeEntry(ActionEntry):
    resume: HoldTarget
    """Resumes the order, a line, or the step."""
    step: StepOrInstance | None = None
    """The step, with `resume: step`; that of `when` if omitted."""


class NoteEntry(ActionEntry):
    note: str
    """A note in the order's history."""
    step: StepOrInstance | None = None
    """The step that it is about; the order if omitted."""


class SetEntry(ActionEntry):
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


class AmendEntry(ImpactEntry):
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


class SwitchEntry(ActionEntry):
    system: SwitchedSystem
    """Switches a system off or on."""
