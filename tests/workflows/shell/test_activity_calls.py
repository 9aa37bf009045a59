"""How failures of activities, as Temporal tells them, become the core's; and what Temporal is told to retry."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    RetryState,
    ServerError,
    TimeoutError,  # noqa: A004
    TimeoutType,
)

from compiler.language.retry_policy import STANDARD_RETRY, RetryPolicy
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import call
from tests.support.workflows.scripted_activities import failure
from workflows.contract.order_messages import CallbackDelivery, EventDelivery, RefusalCode
from workflows.core.engine import signals
from workflows.core.state.step_run import StepFailure
from workflows.core.steps.refusal import RequestRefused
from workflows.shell.activity_calls import ENGINE_ERROR, Interrupted, refusals_as_failures, retry_policy, to_failure


def told(cause: BaseException) -> ActivityError:
    error = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="call_system",
        activity_id="a",
        retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )
    error.__cause__ = cause
    return error


def timed_out(kind: TimeoutType) -> ActivityError:
    return told(TimeoutError("timeout", type=kind, last_heartbeat_details=[]))


def as_received(error: ApplicationError) -> ApplicationError:
    """Details arrive as data."""
    details = [each.model_dump() for each in error.details]
    return ApplicationError(error.message, *details, type=error.type, non_retryable=True)


def test_a_failure_is_what_the_activity_says() -> None:
    said = to_failure(told(as_received(failure("out_of_stock", attempts=3, known=False))))
    assert said == StepFailure("out_of_stock", "out_of_stock said the system", outcome_known=False, attempts=3)


def test_a_wish_for_a_later_attempt_is_one() -> None:
    said = to_failure(told(as_received(failure("http_503", attempts=2, later=600))))
    assert isinstance(said, StepFailure)
    assert (said.code, said.retry_after, said.attempts) == ("http_503", 600, 2)


@pytest.mark.parametrize(("details", "kind"), [((), "odd"), ((5,), None)])
def test_a_failure_without_the_contracts_details_still_tells_code_and_message(details: Any, kind: str | None) -> None:
    said = to_failure(told(ApplicationError("boom", *details, type=kind)))
    assert isinstance(said, StepFailure)
    assert (said.code, said.message, said.outcome_known) == (kind or "internal_error", "boom", False)


def test_an_activity_that_never_started_is_no_attempt() -> None:
    assert to_failure(timed_out(TimeoutType.SCHEDULE_TO_START)) == Interrupted(started=False)


@pytest.mark.parametrize("kind", [TimeoutType.HEARTBEAT, TimeoutType.START_TO_CLOSE, TimeoutType.SCHEDULE_TO_CLOSE])
def test_what_temporal_times_out_has_an_unknown_outcome(kind: TimeoutType) -> None:
    said = to_failure(timed_out(kind))
    assert isinstance(said, StepFailure)
    assert (said.code, said.outcome_known) == ("timeout", False)


@pytest.mark.parametrize("error", [told(CancelledError("gone")), asyncio.CancelledError()])
def test_what_is_cancelled_is_made_again_and_may_have_done_its_work(error: BaseException) -> None:
    assert to_failure(error) == Interrupted(started=True)


def test_anything_else_is_an_internal_error() -> None:
    said = to_failure(told(ServerError("the server said no")))
    assert isinstance(said, StepFailure)
    assert (said.code, said.message) == ("internal_error", "the server said no")


def test_temporal_retries_only_what_the_activity_cannot_tell() -> None:
    policy = retry_policy(STANDARD_RETRY, 2)
    assert policy.maximum_attempts == 3 + 10
    ladder = retry_policy(RetryPolicy(intervals=[timedelta(hours=1)]), 0)
    assert (ladder.initial_interval, ladder.maximum_attempts) == (timedelta(seconds=60), 2 + 10)
    at_once = retry_policy(RetryPolicy(initial=timedelta(0), max_interval=timedelta(0)), 0)
    assert at_once.initial_interval > timedelta(0)
    assert at_once.maximum_interval is not None
    assert at_once.maximum_interval >= at_once.initial_interval


def test_a_refusal_is_a_failure_with_its_code_and_a_mistake_is_one_too() -> None:
    with pytest.raises(ApplicationError, match="not now") as refused, refusals_as_failures():
        raise RequestRefused(RefusalCode.NOT_NOW, "not now")
    assert refused.value.type == "not_now"
    with pytest.raises(ApplicationError) as broken, refusals_as_failures():
        raise KeyError("x")
    assert broken.value.type == ENGINE_ERROR


def test_a_mistake_with_what_was_signalled_does_not_block_the_order() -> None:
    driven = OrderDriver({"a": call()}, strict=False)
    driven.run.inbox = None  # type: ignore[assignment]
    signals.handle_signal(driven.run, EventDelivery(event_id="e", name="paid"))
    assert driven.states() == {"a": "in_progress"}


def test_a_signalled_callback_that_nobody_waits_for_is_noted() -> None:
    driven = OrderDriver({"a": call()})
    signals.handle_signal(driven.run, CallbackDelivery(step="camera.a@1", key="k", event_id="e"))
    assert driven.run.audit_log.entries[-1].message == "callback dropped"
