"""What a person does to time: moves a start, a timer or a wait's end (`reschedule`); gives more of it (`extend`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from compiler.language.durations import Duration, format_duration
from workflows.contract.order_messages import Refusal, StepAct
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import Refused
from workflows.core.timing import sla
from workflows.core.timing.expected_duration import END_OF_TIME
from workflows.core.timing.jeopardy import in_words

Limit = Literal["within", "sla"]


class NewTime(BaseModel):
    """The `data` of `reschedule` (`to`) and of `extend` (`by` or `to`). Moments without a zone are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: datetime | None = None
    by: Duration | None = None
    """`extend`: so much longer than so far."""
    limit: Limit | None = None
    """`extend`: which of the two, where a step has both."""
    seen: datetime | None = None
    """What the person saw: refused where it is another by now."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A moment of a step that may be moved, and how it is called."""

    at: float
    name: str


LIMITED = frozenset({Phase.EVENT, Phase.CALLBACK, Phase.POLL, Phase.CONDITION, Phase.OTHER_ORDERS})


def allow_reschedule(run: OrderRun, step: StepRun, act: StepAct) -> None:
    """Raises Refused."""
    asked = _asked(run, step, act)
    _refuse_undoing(run, step)
    if asked.to is None or asked.by is not None or asked.limit is not None:
        raise Refused(Refusal.INVALID, f"Say to when {_named(run, step)} is to be moved, as a time")
    _refuse_outdated(run, step, asked, _movable(run, step))


def reschedule(run: OrderRun, step: StepRun, act: StepAct) -> None:
    """A moment that has passed already means now."""
    at = _moment(_asked(run, step, act).to)
    if step.again_at is not None:
        step.again_at = at
    else:
        step.deadline = at
    _changed(run, step, at)


def is_rescheduled(step: StepRun, act: StepAct) -> bool:
    to = _read(act).to
    at = step.again_at if step.again_at is not None else step.deadline if step.phase is Phase.TIMER else None
    return to is not None and at is not None and at == _moment(to)


def allow_extend(run: OrderRun, step: StepRun, act: StepAct) -> None:
    """Raises Refused."""
    asked = _asked(run, step, act)
    _refuse_undoing(run, step)
    if (asked.to is None) == (asked.by is None):
        raise Refused(Refusal.INVALID, f"Say how much longer {_named(run, step)} may take, or until when")
    limit = _limit(run, step, asked)
    at = _limits(step)[limit].at
    _refuse_outdated(run, step, asked, Moving(at, NAMES[limit]))
    if limit == "within" and _extended(asked, at) <= run.now:
        raise Refused(
            Refusal.INVALID,
            f"{in_words(_extended(asked, at))} has passed already: {_named(run, step)} would fail at once",
        )


def extend(run: OrderRun, step: StepRun, act: StepAct) -> None:
    asked = _asked(run, step, act)
    limit = _limit(run, step, asked)
    at = _extended(asked, _limits(step)[limit].at)
    if limit == "sla":
        sla.move_end(run, step, at)
    else:
        for awaited in run.between.waiting.get(step.position, ()):  # other orders, each with its own limit
            if awaited.deadline is not None and (awaited.deadline == step.deadline or awaited.deadline < at):
                awaited.deadline = at
        step.deadline = at
        _changed(run, step, at)
    if run.outlook is not None:
        run.outlook.stale = True


def is_extended(step: StepRun, act: StepAct) -> bool:
    """Only of a moment that was named: twice a day more is two days."""
    asked, limits = _read(act), _limits(step)
    named = [asked.limit] if asked.limit is not None else list(limits) if len(limits) == 1 else []
    return asked.to is not None and any(name in limits and limits[name].at == _moment(asked.to) for name in named)


NAMES: Mapping[Limit, str] = {"within": "what it waits for", "sla": "its sla"}


def _refuse_undoing(run: OrderRun, step: StepRun) -> None:
    if step.undoing:
        raise Refused(Refusal.NOT_NOW, f"{_named(run, step)} is being taken back, and its times are no matter any more")


def _movable(run: OrderRun, step: StepRun) -> Moving:
    if step.state is StepState.SCHEDULED and step.again_at is not None:
        return Moving(step.again_at, "its start")
    if step.state in (StepState.FAILED, StepState.FATALLY_FAILED) and step.again_at is not None:
        return Moving(step.again_at, "its next attempt")
    if step.phase is Phase.TIMER and step.state is StepState.IN_PROGRESS and step.deadline is not None:
        return Moving(step.deadline, "its end")
    raise Refused(
        Refusal.NOT_NOW,
        f"{_named(run, step)} is {step.state} and has no time that could be moved: a scheduled start, the end of a "
        f"wait and the engine's next attempt have one{_instead(step)}",
    )


def _instead(step: StepRun) -> str:
    limits = _limits(step)
    return f"; `extend` gives {' or '.join(NAMES[limit] for limit in limits)} more time" if limits else ""


def _limits(step: StepRun) -> dict[Limit, Moving]:
    """Those that run now."""
    found: dict[Limit, Moving] = {}
    if step.undoing:
        return {}
    waits = step.state in (StepState.IN_PROGRESS, StepState.FAILED, StepState.ON_HOLD, StepState.PENDING)
    if waits and step.phase in LIMITED and step.deadline is not None:
        found["within"] = Moving(step.deadline, NAMES["within"])
    if step.clock is not None and step.clock.is_running:
        found["sla"] = Moving(step.clock.late_at, NAMES["sla"])
    return found


def _limit(run: OrderRun, step: StepRun, asked: NewTime) -> Limit:
    limits = _limits(step)
    if asked.limit is not None and asked.limit not in limits:
        raise Refused(
            Refusal.NOT_NOW, f"{_named(run, step)} is {step.state}, and no `{asked.limit}` of it runs{_other(limits)}"
        )
    if asked.limit is not None:
        return asked.limit
    if len(limits) == 1:
        return next(iter(limits))
    if limits:
        raise Refused(
            Refusal.AMBIGUOUS, f"{_named(run, step)} has a `within` and an `sla`: say which (--within, --sla)"
        )
    raise Refused(
        Refusal.NOT_NOW,
        f"{_named(run, step)} is {step.state}, and neither a `within` nor an `sla` of it runs that could be extended",
    )


def _other(limits: Mapping[Limit, Moving]) -> str:
    return f"; its `{next(iter(limits))}` does" if limits else ""


def _extended(asked: NewTime, at: float) -> float:
    return _moment(asked.to) if asked.by is None else min(at + asked.by.total_seconds(), END_OF_TIME)


def _refuse_outdated(run: OrderRun, step: StepRun, asked: NewTime, moving: Moving) -> None:
    if asked.seen is not None and abs(_moment(asked.seen) - moving.at) >= 0.001:
        raise Refused(
            Refusal.STALE,
            f"{_named(run, step)}: {moving.name} is {in_words(moving.at)} by now, no longer "
            f"{in_words(_moment(asked.seen))}; look at it again, and say it once more",
        )


def _changed(run: OrderRun, step: StepRun, at: float) -> None:
    run.wake_at(step, at)
    run.changed = True
    if run.outlook is not None:
        run.outlook.stale = True


def _moment(at: datetime | None) -> float:
    if at is None:
        raise TypeError("no moment was given")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _read(act: StepAct) -> NewTime:
    """Nothing, where it cannot be read: `_asked` says why."""
    try:
        return NewTime.model_validate(act.data or {})
    except ValidationError:
        return NewTime()


def _asked(run: OrderRun, step: StepRun, act: StepAct) -> NewTime:
    try:
        return NewTime.model_validate(act.data or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = str(first["msg"]).removeprefix("Value error, ")
        raise Refused(Refusal.INVALID, f"{_named(run, step)} is left as it is: `{where}`: {said}") from None


def _named(run: OrderRun, step: StepRun) -> str:
    return f"Step {step.position + 1} ({run.id_of(step)})"


def in_full(act: StepAct) -> str:
    """`by 2d`, `to 2026-12-01 08:00:00 UTC`: for the journal."""
    asked = _read(act)
    if asked.by is not None:
        return f"by {format_duration(asked.by)}"
    return f"to {in_words(_moment(asked.to))}" if asked.to is not None else ""
