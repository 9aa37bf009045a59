"""Attempts: which one this is, and what follows when it fails (docs/language.md, System and retry)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempts.failure import AttemptFailure
from activity_contract.calls import MAX_BACKOFF, RETRY_LATER, FailureDetails
from compiler.language.retry_policy import RetryPolicy
from compiler.language.retry_policy import retry_delay as policy_pause_after

logger = structlog.get_logger("activities")

TEMPORARY_STATUSES = frozenset({408, 425, 429})
"""Statuses of the class 4xx that say `later` rather than `no`."""
MAX_RETRY_AFTER = 7 * 24 * 3600.0
"""Seconds. A system that asks for more with Retry-After is asked again after this."""


Outcome = TypeVar("Outcome")


class AttemptInput(Protocol):
    """What every activity of a step is told of its attempts."""

    @property
    def order_id(self) -> str: ...
    @property
    def step_id(self) -> str: ...
    @property
    def retry(self) -> RetryPolicy: ...
    @property
    def earlier_attempts(self) -> int: ...
    @property
    def outcome_known(self) -> bool: ...


def should_give_up(policy: RetryPolicy, failure: AttemptFailure) -> bool:
    """Whether the policy names the failure: by its code, its HTTP status, or the status's class."""
    named = set(policy.give_up_on)
    status = failure.status
    if failure.code in named or str(status) in named:
        return True
    return status is not None and status not in TEMPORARY_STATUSES and f"{status // 100}xx" in named


def retry_delay(policy: RetryPolicy, attempt: int, retry_after: float | None = None) -> float:
    """Seconds between attempt number `attempt` (from 1) and the next one; what the system asked for goes first."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), MAX_RETRY_AFTER)
    return policy_pause_after(policy, attempt)


def _previous_attempts(info: activity.Info) -> tuple[int, bool]:
    """(attempts of this activity that failed; whether it is known that none of them did the work)."""
    details = info.heartbeat_details
    last = details[0] if details and isinstance(details[0], dict) and "failures" in details[0] else None
    if last is None:
        return 0, info.attempt == 1
    if last["attempt"] >= info.attempt:  # somebody has reset the activity: it counts from 1 again
        return 0, last["outcome_known"]
    return last["failures"], last["outcome_known"] and last["attempt"] == info.attempt - 1


async def run_to_completion(coroutine: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What the attempt comes to, even where the order has called it off meanwhile: what was done has to be known to be
    undone, and an attempt ends in its time by itself. Other cancellations (the worker ends) end it at once."""
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
    """One attempt of the activity that runs now.

    What earlier attempts came to is carried in heartbeat details: an attempt whose worker died left none, and therefore
    neither counts as one of the policy's nor tells whether it did the work.
    """

    def __init__(self, attempt_input: AttemptInput) -> None:
        self._input = attempt_input
        self._info = activity.info()
        self._failures, known = _previous_attempts(self._info)
        self._outcome_known_before = known and attempt_input.outcome_known
        self.number = attempt_input.earlier_attempts + self._failures + 1
        """From 1, over all activities of the idempotency key."""

    def _record(self, failures: int, outcome_known: bool) -> None:
        if not self._info.is_local:
            activity.heartbeat({"attempt": self._info.attempt, "failures": failures, "outcome_known": outcome_known})

    @contextmanager
    def heartbeats(self) -> Iterator[None]:
        """Keeps telling the server that the attempt is alive, which is also how a cancellation comes through."""
        timeout = self._info.heartbeat_timeout
        if not timeout or self._info.is_local:
            yield
            return
        loop, pause = asyncio.get_running_loop(), timeout.total_seconds() / 3
        timers: list[asyncio.TimerHandle] = []

        def beat() -> None:
            self._record(self._failures, outcome_known=False)
            timers[:] = [loop.call_later(pause, beat)]

        timers.append(loop.call_later(pause, beat))
        try:
            yield
        finally:
            timers[0].cancel()

    def record_failure(self, failure: AttemptFailure) -> ApplicationError:
        """The error to raise `from None`: it tells Temporal whether and when to try again."""
        settled = failure.outcome_known and (self._outcome_known_before or failure.definitive)
        policy = self._input.retry
        pause = None
        if failure.retryable and not should_give_up(policy, failure) and self.number < policy.attempt_count:
            pause = retry_delay(policy, self.number, failure.retry_after)
            self._record(self._failures + 1, settled)
        logger.warning(
            "attempt failed", order_id=self._input.order_id, step_id=self._input.step_id,
            activity=self._info.activity_type, code=failure.code, error=failure.message, attempt=self.number,
            next_attempt_in=pause,
        )  # fmt: skip
        return to_application_error(failure, self.number, pause, outcome_known=settled)


def to_application_error(
    failure: AttemptFailure, attempts: int, pause: float | None, *, outcome_known: bool = True
) -> ApplicationError:
    """The failure as the workflow is told of it. `pause`: seconds until the next attempt, None where there is none."""
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
    )
