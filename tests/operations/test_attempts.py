"""Attempts that Temporal makes by itself, joined to the steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.workflow.v1 import PendingActivityInfo

from activities.contract import NOT_YET
from operations.reading import with_attempts
from tests.operations.views import step_view
from workflows.states import StepState


def pending(activity_id: str, attempt: int, next_in: timedelta | None = None) -> PendingActivityInfo:
    info = PendingActivityInfo(activity_id=activity_id, attempt=attempt)
    if attempt > 1:
        info.last_failure.message = "no answer"
        info.last_failure.application_failure_info.type = "timeout"
    if next_in is not None:
        info.next_attempt_schedule_time.FromDatetime(datetime.now(UTC) + next_in)
    return info


def test_a_step_between_two_attempts_is_failed_with_the_time_of_the_next() -> None:
    running = step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)
    (step,) = with_attempts([running], [pending("camera.reserve@1", 3, timedelta(minutes=1))])
    assert (step.state, step.attempts) == (StepState.FAILED, 2)
    assert step.next_attempt_at is not None
    assert step.error is not None
    assert (step.error.code, step.error.message) == ("timeout", "no answer")


def test_a_step_in_a_further_attempt_is_in_progress_and_shows_the_last_error() -> None:
    (step,) = with_attempts([step_view(1, "camera.reserve@1", StepState.IN_PROGRESS)], [pending("camera.reserve@1", 2)])
    assert (step.state, step.attempts, step.next_attempt_at) == (StepState.IN_PROGRESS, 2, None)
    assert step.error is not None


def test_an_activity_belongs_to_the_step_before_the_slash_also_for_one_of_several_units() -> None:
    steps = [step_view(number, f"handset.ring@1#{number}", StepState.IN_PROGRESS) for number in (1, 2)]
    joined = with_attempts(steps, [pending("handset.ring@1#2/poll", 4)])
    assert [step.attempts for step in joined] == [0, 4]


def test_a_system_that_is_asked_again_has_not_failed() -> None:
    polled = pending("line.activate@1/poll", 3, timedelta(minutes=1))
    polled.last_failure.application_failure_info.type = NOT_YET
    (step,) = with_attempts([step_view(1, "line.activate@1", StepState.IN_PROGRESS)], [polled])
    assert (step.state, step.attempts, step.error) == (StepState.IN_PROGRESS, 0, None)
    assert step.next_attempt_at is not None


def test_what_ended_while_it_was_asked_for_is_not_given_the_error_of_an_earlier_attempt() -> None:
    done = step_view(1, "camera.reserve@1", StepState.COMPLETED, attempts=2)
    assert with_attempts([done], [pending("camera.reserve@1", 2)]) == [done]
