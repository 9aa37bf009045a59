"""One attempt of an activity: its number, its heartbeats, and the error that Temporal gets if it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.attempts.attempt_sink import AttemptRecord, has_attempt_sink, report_attempt
from activities.attempts.failure import AttemptFailure
from activities.attempts.heartbeats import heartbeats
from activities.attempts.retry_decision import is_outcome_known, next_pause
from activity_contract.calls import MAX_BACKOFF, RETRY_LATER, FailureDetails, StepActivity, SystemCall

logger = structlog.get_logger("activities")

Outcome = TypeVar("Outcome")


def _previous_attempts(info: activity.Info) -> tuple[int, bool]:
    """(failed attempts of this activity; whether it is certain that none of them did the work)."""
    details = info.heartbeat_details
    last = details[0] if details and isinstance(details[0], dict) and "failures" in details[0] else None
    if last is None:
        return 0, info.attempt == 1
    if last["attempt"] >= info.attempt:  # an operator has reset the activity, so Temporal counts from 1 again
        return 0, last["outcome_known"]
    return last["failures"], last["outcome_known"] and last["attempt"] == info.attempt - 1


async def run_to_completion(coroutine: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Awaits the coroutine, even if the order cancels the activity meanwhile.

    The order must know what was done to be able to undo it, and an attempt ends by itself in time. Any other
    cancellation, such as the worker's shutdown, cancels the coroutine at once.
    """
    task = asyncio.ensure_future(coroutine)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        why = activity.cancellation_details()
        if why is not None and why.cancel_requested:
            return await task
        task.cancel()
        await asyncio.wait([task])
        raise


class Attempt:
    """The attempt that runs now.

    Heartbeat details carry the count of earlier failures. An attempt that was lost with its worker left none, so it
    does not count towards the policy's attempts, and its outcome is unknown.
    """

    def __init__(self, attempt_input: SystemCall | StepActivity) -> None:
        self._input = attempt_input
        self._info = activity.info()
        self._started_at = datetime.now(UTC)
        self._failures, known = _previous_attempts(self._info)
        self._outcome_known_before = known and attempt_input.outcome_known
        self.number = attempt_input.earlier_attempts + self._failures + 1
        """From 1, over all activities with the same idempotency key."""

    def heartbeats(self) -> AbstractContextManager[None]:
        return heartbeats(self._details(self._failures, outcome_known=False))

    def _details(self, failures: int, *, outcome_known: bool) -> dict[str, Any]:
        return {"attempt": self._info.attempt, "failures": failures, "outcome_known": outcome_known}

    def record_success(self, status: int | None = None) -> None:
        """`status`: of the HTTP response."""
        self._report(self.number, None, status=status)

    def record_poll(
        self, failure: AttemptFailure | None = None, *, status: int | None = None, pause: float | None = None
    ) -> None:
        """A poll that failed, or the last one. `pause`: seconds until the next one."""
        self._report(self._input.earlier_attempts + self._info.attempt, failure, status=status, pause=pause)

    def record_failure(self, failure: AttemptFailure) -> ApplicationError:
        """The error to raise `from None`. It tells Temporal whether and when to retry."""
        outcome_known = is_outcome_known(failure, known_before=self._outcome_known_before)
        pause = next_pause(self._input.retry, failure, self.number)
        if pause is not None and not self._info.is_local:
            activity.heartbeat(self._details(self._failures + 1, outcome_known=outcome_known))
        logger.warning(
            "attempt failed", order_id=self._input.order_id, step_id=self._input.step_id,
            activity=self._info.activity_type, code=failure.code, error=failure.message, attempt=self.number,
            next_attempt_in=pause,
        )  # fmt: skip
        self._report(self.number, failure, pause=pause)
        return to_application_error(failure, self.number, pause, outcome_known=outcome_known)

    def _report(
        self, number: int, failure: AttemptFailure | None, *, status: int | None = None, pause: float | None = None
    ) -> None:
        if not has_attempt_sink():
            return
        now = datetime.now(UTC)
        report_attempt(
            AttemptRecord(
                order_id=self._input.order_id,
                step_id=self._input.step_id,
                idempotency_key=self._input.idempotency_key,
                number=number,
                started_at=self._started_at,
                ended_at=now,
                system=self._input.system if isinstance(self._input, SystemCall) else None,
                succeeded=failure is None,
                code=failure.code if failure is not None else None,
                status=failure.status if failure is not None else status,
                message=failure.message if failure is not None else None,
                next_attempt_at=now + timedelta(seconds=pause) if pause is not None else None,
            )
        )


def to_application_error(
    failure: AttemptFailure,
    attempts: int,
    pause: float | None,
    *,
    outcome_known: bool = True,
    category: ApplicationErrorCategory = ApplicationErrorCategory.UNSPECIFIED,
) -> ApplicationError:
    """The failure as the workflow receives it. `pause`: seconds until the next attempt; None if there is none.

    `category` BENIGN keeps an expected failure out of Temporal's logs and metrics.
    """
    later = pause is not None and pause > MAX_BACKOFF
    code = failure.code if failure.code != RETRY_LATER else f"system_{RETRY_LATER}"
    details = FailureDetails(
        code=code,
        message=failure.message,
        status=failure.status,
        attempts=attempts,
        retry_after=pause,
        outcome_known=outcome_known,
    )
    return ApplicationError(
        failure.message,
        details,
        type=RETRY_LATER if later else code,
        non_retryable=later or pause is None,
        next_retry_delay=None if later or pause is None else timedelta(seconds=pause),
        category=category,
    )
