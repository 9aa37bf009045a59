"""What a person does to time: moves a start, a timer or a wait's end (`reschedule`); gives more of it (`extend`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from compiler.language.durations import Duration, format_duration
from workflows.contract.order_messages import RefusalCode, StepAction
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing import sla
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.jeopardy import format_moment

TimeLimit = Literal["within", "sla"]


class TimeChange(BaseModel):
    """The `data` of `reschedule` (`to`) and of `extend` (`by` or `to`). Moments without a zone are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: datetime | None = None
    by: Duration | None = None
    """`extend`: so much longer than so far."""
    limit: TimeLimit | None = None
    """`extend`: which of the two, where a step has both."""
    seen: datetime | None = None
    """What the person saw: refused where it is another by now."""


@dataclass(frozen=True, slots=True)
class MovableTime:
    """A moment of a step that may be moved, and how it is called."""

    at: float
    label: str


PHASES_WITH_WITHIN = frozenset({Phase.EVENT, Phase.CALLBACK, Phase.POLL, Phase.CONDITION, Phase.OTHER_ORDERS})


def check_reschedule(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """Raises Refused."""
    asked = _parse_time_change(run, step, action)
    _refuse_if_undoing(run, step)
    if asked.to is None or asked.by is not None or asked.limit is not None:
        raise RequestRefused(RefusalCode.INVALID, f"Say to when {_step_reference(run, step)} is to be moved, as a time")
    _refuse_if_stale(run, step, asked, _movable_time(run, step))


def reschedule(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """A moment that has passed already means now."""
    at = _to_timestamp(_parse_time_change(run, step, action).to)
    if step.again_at is not None:
        step.again_at = at
    else:
        step.deadline = at
    _mark_rescheduled(run, step, at)


def is_rescheduled(step: StepRun, action: StepAction) -> bool:
    to = _parse_or_default(action).to
    at = step.again_at if step.again_at is not None else step.deadline if step.phase is Phase.TIMER else None
    return to is not None and at is not None and at == _to_timestamp(to)


def check_extend(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """Raises Refused."""
    asked = _parse_time_change(run, step, action)
    _refuse_if_undoing(run, step)
    if (asked.to is None) == (asked.by is None):
        raise RequestRefused(
            RefusalCode.INVALID, f"Say how much longer {_step_reference(run, step)} may take, or until when"
        )
    limit = _requested_limit(run, step, asked)
    at = _running_limits(step)[limit].at
    _refuse_if_stale(run, step, asked, MovableTime(at, LIMIT_LABELS[limit]))
    if limit == "within" and _extended_time(asked, at) <= run.now:
        raise RequestRefused(
            RefusalCode.INVALID,
            f"{format_moment(_extended_time(asked, at))} has passed already: {_step_reference(run, step)} "
            "would fail at once",
        )


def extend(run: OrderRun, step: StepRun, action: StepAction) -> None:
    asked = _parse_time_change(run, step, action)
    limit = _requested_limit(run, step, asked)
    at = _extended_time(asked, _running_limits(step)[limit].at)
    if limit == "sla":
        sla.move_sla_deadline(run, step, at)
    else:
        for awaited in run.order_links.awaited_by_step.get(step.position, ()):  # other orders, each with its own limit
            if awaited.deadline is not None and (awaited.deadline == step.deadline or awaited.deadline < at):
                awaited.deadline = at
        step.deadline = at
        _mark_rescheduled(run, step, at)
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.stale = True


def is_extended(step: StepRun, action: StepAction) -> bool:
    """Only of a moment that was named: twice a day more is two days."""
    asked, limits = _parse_or_default(action), _running_limits(step)
    named = [asked.limit] if asked.limit is not None else list(limits) if len(limits) == 1 else []
    return asked.to is not None and any(name in limits and limits[name].at == _to_timestamp(asked.to) for name in named)


LIMIT_LABELS: Mapping[TimeLimit, str] = {"within": "what it waits for", "sla": "its sla"}


def _refuse_if_undoing(run: OrderRun, step: StepRun) -> None:
    if step.undoing:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{_step_reference(run, step)} is being taken back, and its times are no matter any more",
        )


def _movable_time(run: OrderRun, step: StepRun) -> MovableTime:
    if step.state is StepState.SCHEDULED and step.again_at is not None:
        return MovableTime(step.again_at, "its start")
    if step.state in (StepState.FAILED, StepState.FATALLY_FAILED) and step.again_at is not None:
        return MovableTime(step.again_at, "its next attempt")
    if step.phase is Phase.TIMER and step.state is StepState.IN_PROGRESS and step.deadline is not None:
        return MovableTime(step.deadline, "its end")
    raise RequestRefused(
        RefusalCode.NOT_NOW,
        f"{_step_reference(run, step)} is {step.state} and has no time that could be moved: a scheduled "
        "start, the end of a "
        f"wait and the engine's next attempt have one{_extend_hint(step)}",
    )


def _extend_hint(step: StepRun) -> str:
    limits = _running_limits(step)
    return f"; `extend` gives {' or '.join(LIMIT_LABELS[limit] for limit in limits)} more time" if limits else ""


def _running_limits(step: StepRun) -> dict[TimeLimit, MovableTime]:
    """Those that run now."""
    found: dict[TimeLimit, MovableTime] = {}
    if step.undoing:
        return {}
    waits = step.state in (StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD, StepState.PENDING)
    if waits and step.phase in PHASES_WITH_WITHIN and step.deadline is not None:
        found["within"] = MovableTime(step.deadline, LIMIT_LABELS["within"])
    if step.sla_clock is not None and step.sla_clock.is_running:
        found["sla"] = MovableTime(step.sla_clock.late_at, LIMIT_LABELS["sla"])
    return found


def _requested_limit(run: OrderRun, step: StepRun, change: TimeChange) -> TimeLimit:
    limits = _running_limits(step)
    if change.limit is not None and change.limit not in limits:
        raise RequestRefused(
            RefusalCode.NOT_NOW,
            f"{_step_reference(run, step)} is {step.state}, and no `{change.limit}` of it "
            f"runs{_other_limit_hint(limits)}",
        )
    if change.limit is not None:
        return change.limit
    if len(limits) == 1:
        return next(iter(limits))
    if limits:
        raise RequestRefused(
            RefusalCode.AMBIGUOUS,
            f"{_step_reference(run, step)} has a `within` and an `sla`: say which (--within, --sla)",
        )
    raise RequestRefused(
        RefusalCode.NOT_NOW,
        f"{_step_reference(run, step)} is {step.state}, and neither a `within` nor an `sla` of it runs that "
        "could be extended",
    )


def _other_limit_hint(limits: Mapping[TimeLimit, MovableTime]) -> str:
    return f"; its `{next(iter(limits))}` does" if limits else ""


def _extended_time(change: TimeChange, at: float) -> float:
    return _to_timestamp(change.to) if change.by is None else min(at + change.by.total_seconds(), END_OF_TIME)


def _refuse_if_stale(run: OrderRun, step: StepRun, change: TimeChange, movable: MovableTime) -> None:
    if change.seen is not None and abs(_to_timestamp(change.seen) - movable.at) >= 0.001:
        raise RequestRefused(
            RefusalCode.STALE,
            f"{_step_reference(run, step)}: {movable.label} is {format_moment(movable.at)} by now, no longer "
            f"{format_moment(_to_timestamp(change.seen))}; look at it again, and say it once more",
        )


def _mark_rescheduled(run: OrderRun, step: StepRun, at: float) -> None:
    run.wake_at(step, at)
    run.view_changed = True
    if run.jeopardy_watch is not None:
        run.jeopardy_watch.stale = True


def _to_timestamp(at: datetime | None) -> float:
    if at is None:
        raise TypeError("no moment was given")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _parse_or_default(action: StepAction) -> TimeChange:
    """Nothing, where it cannot be read: `_asked` says why."""
    try:
        return TimeChange.model_validate(action.data or {})
    except ValidationError:
        return TimeChange()


def _parse_time_change(run: OrderRun, step: StepRun, action: StepAction) -> TimeChange:
    try:
        return TimeChange.model_validate(action.data or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = str(first["msg"]).removeprefix("Value error, ")
        raise RequestRefused(
            RefusalCode.INVALID, f"{_step_reference(run, step)} is left as it is: `{where}`: {said}"
        ) from None


def _step_reference(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.step_id(step)})"


def time_change_text(action: StepAction) -> str:
    """`by 2d`, `to 2026-12-01 08:00:00 UTC`: for the journal."""
    asked = _parse_or_default(action)
    if asked.by is not None:
        return f"by {format_duration(asked.by)}"
    return f"to {format_moment(_to_timestamp(asked.to))}" if asked.to is not None else ""
