"""What people do in a scenario, as the requests that a running order takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.scenario_acts import (
    Act,
    AssignAct,
    CancelAct,
    ClaimAct,
    CompleteAct,
    ExtendAct,
    HoldAct,
    LineTarget,
    NoteAct,
    ProceedAct,
    RedoAct,
    RescheduleAct,
    ResumeAct,
    RetryAct,
    RollbackAct,
    SetAct,
    SkipAct,
    StepAct,
)
from workflows.contract.order_messages import (
    Actor,
    Message,
    NoteAction,
    OrderAction,
    SetCharacteristics,
    StepAction,
)

Request = tuple[str, Message]
"""The name of an action, and its message."""
NO_STEP = ""


def action_request(act: Act, step: str | None, starts: datetime) -> Request:
    """`step`: the id of the step that the act is about. `starts`: the start of the scenario."""
    return _REQUESTS[type(act)](act, step, starts)


def needs_step(act: Act) -> bool:
    """Whether the act is about a step."""
    if isinstance(act, StepAct | RedoAct):
        return True
    if isinstance(act, HoldAct | ResumeAct):
        return _hold_target(act) == "step"
    return isinstance(act, NoteAct) and act.step is not None


def _actor(act: Act) -> Actor:
    return Actor(by=act.by, reason=act.reason)


def _step_action(name: str, data: Callable[[Any, datetime], dict[str, Any] | None]) -> Callable[..., Request]:
    def build(act: StepAct, step: str | None, starts: datetime) -> Request:
        return name, StepAction(
            step=step or NO_STEP, actor=_actor(act), data=data(act, starts), take_over=act.take_over
        )

    return build


def _extension(act: ExtendAct, starts: datetime) -> dict[str, Any]:
    extension = act.extend
    given = {"by": format_duration(extension.by)} if extension.by is not None else {"to": _time(extension.to, starts)}
    return {**given, "limit": extension.limit} if extension.limit else given


def _time(moment: timedelta | datetime | None, starts: datetime) -> str:
    at = starts + moment if isinstance(moment, timedelta) else moment or starts
    return at.isoformat()


def _redo(act: RedoAct, step: str | None, _starts: datetime) -> Request:
    return "redo", OrderAction(actor=_actor(act), step=step, override=act.override, take_over=act.take_over)


def _cancel(act: CancelAct, _step: str | None, _starts: datetime) -> Request:
    reason = act.cancel if isinstance(act.cancel, str) else act.reason
    return "cancel", OrderAction(actor=Actor(by=act.by, reason=reason), override=act.override)


def _rollback(act: RollbackAct, _step: str | None, _starts: datetime) -> Request:
    line = act.rollback.line if isinstance(act.rollback, LineTarget) else None
    return "rollback", OrderAction(actor=_actor(act), line=line, override=act.override)


def _hold_target(act: HoldAct | ResumeAct) -> str | LineTarget:
    return act.hold if isinstance(act, HoldAct) else act.resume


def _hold(act: HoldAct | ResumeAct, step: str | None, _starts: datetime) -> Request:
    target = _hold_target(act)
    return "hold" if isinstance(act, HoldAct) else "resume", OrderAction(
        actor=_actor(act),
        line=target.line if isinstance(target, LineTarget) else None,
        step=step if target == "step" else None,
    )


def _note(act: NoteAct, step: str | None, _starts: datetime) -> Request:
    return "note", NoteAction(text=act.note, actor=_actor(act), step=step if act.step is not None else None)


def _set(act: SetAct, _step: str | None, _starts: datetime) -> Request:
    return "set", SetCharacteristics(characteristics=act.set_, actor=_actor(act))


_REQUESTS: Mapping[type[Act], Callable[..., Request]] = {
    CompleteAct: _step_action("complete", lambda act, _: act.complete),
    RetryAct: _step_action("retry", lambda act, _: act.retry or None),
    SkipAct: _step_action("skip", lambda act, _: act.skip or None),
    ProceedAct: _step_action("proceed", lambda _act, _: None),
    ClaimAct: _step_action("claim", lambda _act, _: None),
    AssignAct: _step_action("assign", lambda act, _: {"to": act.assign}),
    RescheduleAct: _step_action("reschedule", lambda act, starts: {"to": _time(act.reschedule, starts)}),
    ExtendAct: _step_action("extend", _extension),
    RedoAct: _redo,
    CancelAct: _cancel,
    RollbackAct: _rollback,
    HoldAct: _hold,
    ResumeAct: _hold,
    NoteAct: _note,
    SetAct: _set,
}
