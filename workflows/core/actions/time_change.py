"""What `reschedule` and `extend` share: their data, and the times of a step that can be moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from compiler.language.durations import Duration, format_duration
from workflows.contract.actions import ActionSpec
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.core.actions.action import entered_data
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.refusal import RequestRefused, step_reference, step_refused
from workflows.core.timing.order_jeopardy import format_moment

TimeLimit = Literal["within", "sla"]

TOLERANCE = 0.001
"""Seconds by which the time that the actor saw may differ from the step's."""


class TimeChange(BaseModel):
    """The `data` of `reschedule` (`to`) and of `extend` (`by` or `to`). Times without a zone are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: datetime | None = None
    by: Duration | None = None
    """`extend`: how much longer."""
    limit: TimeLimit | None = None
    """`extend`: which limit, if the step has both."""
    seen: datetime | None = None
    """The time that the actor saw."""


def parse_time_change(run: OrderRun, step: StepRun, action: StepAction) -> TimeChange:
    """Raises RequestRefused, also while the step is being undone."""
    try:
        change = TimeChange.model_validate(action.data or {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        problem = str(first["msg"]).removeprefix("Value error, ")
        refuse_data(f"{step_reference(run, step)} is not changed: `{field}`: {problem}")
    if step.undoing:
        predicate = "is being undone, and its times no longer matter"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "being_undone", predicate)
    return change


def refuse_data(message: str) -> NoReturn:
    raise RequestRefused(RefusalCode.INVALID, message, "invalid_time")


def parse_or_default(action: StepAction) -> TimeChange:
    """An empty change if the data is invalid; the check reports why."""
    try:
        return TimeChange.model_validate(action.data or {})
    except ValidationError:
        return TimeChange()


def refuse_if_moved(run: OrderRun, step: StepRun, change: TimeChange, at: float, label: str) -> None:
    """Raises RequestRefused if the actor saw another time than `at`."""
    if change.seen is not None and abs(to_timestamp(change.seen) - at) >= TOLERANCE:
        raise RequestRefused(
            RefusalCode.STALE,
            f"{step_reference(run, step)}: {label} is now {format_moment(at)}, no longer "
            f"{format_moment(to_timestamp(change.seen))}; look at it again first",
            "time_changed",
            time=format_moment(at),
        )


def set_deadline(run: OrderRun, step: StepRun, at: float) -> None:
    step.deadline = at
    schedule_wake(run, step, at)


def schedule_wake(run: OrderRun, step: StepRun, at: float) -> None:
    run.wake_at(step, at)
    run.view_changed = True
    mark_forecast_stale(run)


def mark_forecast_stale(run: OrderRun) -> None:
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.stale = True


def to_timestamp(at: datetime | None) -> float:
    if at is None:
        raise TypeError("the time is missing")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def entered_time(data: Mapping[str, Any] | None) -> Any:
    """`seen` is what the person has read, not entered."""
    return entered_data({name: value for name, value in (data or {}).items() if name != "seen"})


def past_text(spec: ActionSpec, action: StepAction) -> str:
    """`extended by 2d`, `rescheduled to 2026-12-01 08:00:00 UTC`."""
    change = parse_or_default(action)
    if change.by is not None:
        return f"{spec.past_tense} by {format_duration(change.by)}"
    return f"{spec.past_tense} to {format_moment(to_timestamp(change.to))}" if change.to else spec.past_tense
