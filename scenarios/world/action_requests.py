"""What people do in a scenario, as the requests that a running order takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.scenario_actions import (
    ActionEntry,
    AssignEntry,
    CancelEntry,
    ClaimEntry,
    CompleteEntry,
    ExtendEntry,
    HoldEntry,
    LineTarget,
    NoteEntry,
    ProceedEntry,
    RedoEntry,
    RescheduleEntry,
    ResumeEntry,
    RetryEntry,
    RollbackEntry,
    SetEntry,
    SkipEntry,
    StepActionEntry,
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


def action_request(entry: ActionEntry, step: str | None, starts: datetime) -> Request:
    """`step`: the id of the step that the entry is about. `starts`: the start of the scenario."""
    return _REQUESTS[type(entry)](entry, step, starts)


def needs_step(entry: ActionEntry) -> bool:
    """Whether the entry is about a step."""
    if isinstance(entry, StepActionEntry | RedoEntry):
        return True
    if isinstance(entry, HoldEntry | ResumeEntry):
        return _hold_target(entry) == "step"
    return isinstance(entry, NoteEntry) and entry.step is not None


def _actor(entry: ActionEntry) -> Actor:
    return Actor(by=entry.by, reason=entry.reason)


def _step_action(name: str, data: Callable[[Any, datetime], dict[str, Any] | None]) -> Callable[..., Request]:
    def build(entry: StepActionEntry, step: str | None, starts: datetime) -> Request:
        return name, StepAction(
            step=step or NO_STEP, actor=_actor(entry), data=data(entry, starts), take_over=entry.take_over
        )

    return build


def _extension(entry: ExtendEntry, starts: datetime) -> dict[str, Any]:
    extension = entry.extend
    given = {"by": format_duration(extension.by)} if extension.by is not None else {"to": _time(extension.to, starts)}
    return {**given, "limit": extension.limit} if extension.limit else given


def _time(moment: timedelta | datetime | None, starts: datetime) -> str:
    at = starts + moment if isinstance(moment, timedelta) else moment or starts
    return at.isoformat()


def _redo(entry: RedoEntry, step: str | None, _starts: datetime) -> Request:
    return "redo", OrderAction(actor=_actor(entry), step=step, override=entry.override, take_over=entry.take_over)


def _cancel(entry: CancelEntry, _step: str | None, _starts: datetime) -> Request:
    reason = entry.cancel if isinstance(entry.cancel, str) else entry.reason
    return "cancel", OrderAction(actor=Actor(by=entry.by, reason=reason), override=entry.override)


def _rollback(entry: RollbackEntry, _step: str | None, _starts: datetime) -> Request:
    line = entry.rollback.line if isinstance(entry.rollback, LineTarget) else None
    return "rollback", OrderAction(actor=_actor(entry), line=line, override=entry.override)


def _hold_target(entry: HoldEntry | ResumeEntry) -> str | LineTarget:
    return entry.hold if isinstance(entry, HoldEntry) else entry.resume


def _hold(entry: HoldEntry | ResumeEntry, step: str | None, _starts: datetime) -> Request:
    target = _hold_target(entry)
    return "hold" if isinstance(entry, HoldEntry) else "resume", OrderAction(
        actor=_actor(entry),
        line=target.line if isinstance(target, LineTarget) else None,
        step=step if target == "step" else None,
    )


def _note(entry: NoteEntry, step: str | None, _starts: datetime) -> Request:
    return "note", NoteAction(text=entry.note, actor=_actor(entry), step=step if entry.step is not None else None)


def _set(entry: SetEntry, _step: str | None, _starts: datetime) -> Request:
    return "set", SetCharacteristics(characteristics=entry.set_, actor=_actor(entry))


_REQUESTS: Mapping[type[ActionEntry], Callable[..., Request]] = {
    CompleteEntry: _step_action("complete", lambda entry, _: entry.complete),
    RetryEntry: _step_action("retry", lambda entry, _: entry.retry or None),
    SkipEntry: _step_action("skip", lambda entry, _: entry.skip or None),
    ProceedEntry: _step_action("proceed", lambda _act, _: None),
    ClaimEntry: _step_action("claim", lambda _act, _: None),
    AssignEntry: _step_action("assign", lambda entry, _: {"to": entry.assign}),
    RescheduleEntry: _step_action("reschedule", lambda entry, starts: {"to": _time(entry.reschedule, starts)}),
    ExtendEntry: _step_action("extend", _extension),
    RedoEntry: _redo,
    CancelEntry: _cancel,
    RollbackEntry: _rollback,
    HoldEntry: _hold,
    ResumeEntry: _hold,
    NoteEntry: _note,
    SetEntry: _set,
}
