"""Joins a workflow's steps with what only Temporal knows: the attempts of calls, and systems that hold calls back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo

from activity_contract.calls import NOT_YET
from operations.systems import waiting_queue
from workflows.contract.order_views import ErrorView, StepView, SystemHoldView, UndoView
from workflows.contract.states import StepState


def with_attempts(
    steps: Iterable[StepView],
    pending: Iterable[PendingActivityInfo],
    holds: Mapping[str, SystemHoldView] | None = None,
) -> list[StepView]:
    """Adds attempts, last failure and next attempt to `steps`. They belong to the step's call or to its undo's call.

    `holds` comes from `system_holds`: task queue → the switch that holds its calls back. An activity's id is the step's
    id, maybe with a suffix after `/`. No step's id contains `/`.
    """
    by_step = {activity.activity_id.partition("/")[0]: activity for activity in pending}
    return [_with_attempts(step, by_step.get(step.id), holds or {}) for step in steps]


def _with_attempts(
    step: StepView, activity: PendingActivityInfo | None, holds: Mapping[str, SystemHoldView]
) -> StepView:
    if activity is None:
        return step
    if step.undo is not None and step.undo.state == StepState.IN_PROGRESS:
        return _with_undo_attempts(step, step.undo, activity, holds)
    return _with_pending_activity(step, activity, holds) if step.state is StepState.IN_PROGRESS else step


def _with_undo_attempts(
    step: StepView, undo: UndoView, activity: PendingActivityInfo, holds: Mapping[str, SystemHoldView]
) -> StepView:
    """The pending call undoes the step, so the attempts belong to the undo, and the step stays as it was."""
    shared = ("attempts", "error", "waits_for", "next_attempt_at")
    as_step = {"state": StepState.IN_PROGRESS} | {name: getattr(undo, name) for name in shared}
    joined = _with_pending_activity(step.model_copy(update=as_step), activity, holds)
    changes = {"state": joined.state.value} | {name: getattr(joined, name) for name in shared}
    return step.model_copy(update={"undo": undo.model_copy(update=changes), "system_hold": joined.system_hold})


def _with_pending_activity(
    step: StepView, activity: PendingActivityInfo, holds: Mapping[str, SystemHoldView]
) -> StepView:
    """Shows a call as on hold if its system is switched off or failing. Such a call uses no attempt, and its time of
    the next attempt means nothing."""
    joined = _with_retry_info(step, activity)
    hold = holds.get(waiting_queue(activity) or "")
    if hold is None:
        return joined
    changes: dict[str, object] = {
        "state": StepState.ON_HOLD,
        "next_attempt_at": None,
        "waits_for": hold.description,
        "system_hold": hold,
    }
    if not _is_polling(activity):
        changes["attempts"] = max(step.attempts, activity.attempt - 1)
    return joined.model_copy(update=changes)


def _is_polling(activity: PendingActivityInfo) -> bool:
    """Whether the last attempt got the answer `not yet`, which is no failure."""
    return activity.last_failure.application_failure_info.type == NOT_YET


def _with_retry_info(step: StepView, activity: PendingActivityInfo) -> StepView:
    if not activity.HasField("last_failure"):
        return step.model_copy(update={"attempts": max(step.attempts, activity.attempt)})
    next_at = _activity_time(activity, "next_attempt_schedule_time")
    if _is_polling(activity):
        return step.model_copy(update={"next_attempt_at": next_at})
    waiting = next_at is not None and next_at > datetime.now(UTC)
    return step.model_copy(
        update={
            "state": StepState.FAILED if waiting else step.state,
            "attempts": max(step.attempts, activity.attempt - 1 if waiting else activity.attempt),
            "next_attempt_at": next_at if waiting else None,
            "error": _error_view(activity.last_failure, _activity_time(activity, "last_attempt_complete_time")),
        }
    )


def _error_view(failure: Failure, at: datetime | None) -> ErrorView:
    return ErrorView(code=failure.application_failure_info.type or "error", message=failure.message, at=at)


def _activity_time(activity: PendingActivityInfo, name: str) -> datetime | None:
    stamp: Timestamp = getattr(activity, name)
    return stamp.ToDatetime(tzinfo=UTC) if activity.HasField(name) else None  # type: ignore[arg-type]
