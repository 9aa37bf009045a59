"""Attempts that Temporal makes by itself, joined to the steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo

from activity_contract.calls import NOT_YET
from operations.blockers.order_blockers import find_blockers
from operations.reading.pending_attempts import with_attempts
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import SystemHoldView, UndoView
from workflows.contract.states import StepState


def pending(activity_id: str, attempt: int, next_in: timedelta | None = None) -> PendingActivityInfo:
    info = PendingActivityInfo(
        activity_id=activity_id, attempt=attempt, state=PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    )
    info.activity_options.task_queue.name = "ordo.inventory"
    if attempt > 1:
        info.last_failure.message = "no answer"
        info.last_failure.application_failure_info.type = "timeout"
    if next_in is not None:
        info.next_attempt_schedule_time.FromDatetime(datetime.now(UTC) + next_in)
    return info


def test_step_between_attempts_is_failed_with_next_attempt() -> None:
    running = step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)
    (step,) = with_attempts([running], [pending("camera.reserve@1", 3, timedelta(minutes=1))])
    assert (step.state, step.attempts) == (StepState.FAILED, 2)
    assert step.next_attempt_at is not None
    assert step.error is not None
    assert (step.error.code, step.error.message) == ("timeout", "no answer")


def test_retrying_step_is_in_progress_with_the_last_error() -> None:
    (step,) = with_attempts([step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)], [pending("camera.reserve@1", 2)])
    assert (step.state, step.attempts, step.next_attempt_at) == (StepState.IN_PROGRESS, 2, None)
    assert step.error is not None


def test_activity_id_names_the_step_before_the_slash() -> None:
    steps = [step_view(number, f"handset.ring@1#{number}", StepState.IN_PROGRESS) for number in (1, 2)]
    joined = with_attempts(steps, [pending("handset.ring@1#2/poll", 4)])
    assert [step.attempts for step in joined] == [0, 4]


def test_polling_is_not_a_failure() -> None:
    polled = pending("line.activate@1/poll", 3, timedelta(minutes=1))
    polled.last_failure.application_failure_info.type = NOT_YET
    (step,) = with_attempts([step_view(1, "line.activate@1", StepState.IN_PROGRESS)], [polled])
    assert (step.state, step.attempts, step.error) == (StepState.IN_PROGRESS, 0, None)
    assert step.next_attempt_at is not None


def test_step_that_ended_meanwhile_gets_no_old_error() -> None:
    done = step_view(1, "camera.reserve@1", StepState.COMPLETED, attempts=2)
    assert with_attempts([done], [pending("camera.reserve@1", 2)]) == [done]


OFF = SystemHoldView(system="inventory", off=True, since=START, by="ann", reason="closing")


@pytest.mark.parametrize("next_in", [None, timedelta(minutes=1)])
def test_call_of_a_switched_off_system_is_on_hold(next_in: timedelta | None) -> None:
    running = step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)
    (step,) = with_attempts([running], [pending("camera.reserve@1", 3, next_in)], {"ordo.inventory": OFF})
    assert (step.state, step.attempts, step.next_attempt_at) == (StepState.ON_HOLD, 2, None)
    assert step.waits_for == "system inventory, which is switched off"
    assert (step.system_hold, step.error is not None) == (OFF, True)


def test_held_call_keeps_its_number_of_attempts() -> None:
    running = step_view(1, "line.activate@1", StepState.IN_PROGRESS, attempts=0)
    (step,) = with_attempts([running], [pending("line.activate@1", 1)], {"ordo.inventory": OFF})
    assert (step.state, step.attempts) == (StepState.ON_HOLD, 0)
    polled = pending("line.activate@1/poll", 9)
    polled.last_failure.application_failure_info.type = NOT_YET
    running = running.model_copy(update={"attempts": 2})
    (step,) = with_attempts([running], [polled], {"ordo.inventory": OFF})
    assert (step.state, step.attempts, step.error) == (StepState.ON_HOLD, 2, None)


def test_started_calls_and_other_systems_are_not_on_hold() -> None:
    running = step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)
    begun = pending("camera.reserve@1", 1)
    begun.state = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    assert with_attempts([running], [begun], {"ordo.inventory": OFF})[0].state is StepState.IN_PROGRESS
    other = pending("camera.reserve@1", 1)
    assert with_attempts([running], [other], {"ordo.billing": OFF})[0].state is StepState.IN_PROGRESS


TAKEN_BACK_NOW = UndoView(state="in_progress", waits_for="an answer of inventory")


def test_undo_attempts_leave_the_step_unchanged() -> None:
    done = step_view(1, "camera.reserve@1", StepState.COMPLETED, attempts=1, undo=TAKEN_BACK_NOW)
    (step,) = with_attempts([done], [pending("camera.reserve@1/undo", 3, timedelta(minutes=1))])
    assert (step.state, step.attempts, step.error) == (StepState.COMPLETED, 1, None)
    assert step.undo is not None
    assert (step.undo.state, step.undo.attempts) == ("failed", 2)
    assert step.undo.next_attempt_at is not None
    assert step.undo.error is not None


def test_an_undo_whose_system_is_off_is_on_hold() -> None:
    done = step_view(1, "camera.reserve@1", StepState.COMPLETED, attempts=1, undo=TAKEN_BACK_NOW)
    (step,) = with_attempts([done], [pending("camera.reserve@1/undo", 1)], {"ordo.inventory": OFF})
    assert (step.state, step.attempts, step.system_hold) == (StepState.COMPLETED, 1, OFF)
    assert step.undo is not None
    assert (step.undo.state, step.undo.attempts) == ("on_hold", 0)
    (reason,) = find_blockers(order_view(), [step])
    assert "system inventory is switched off by ann" in reason.waits_for
