"""The retry pause: whether a failed attempt is repeated, and after how many seconds (docs/language.md, retry)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from activities.attempts.failure import AttemptFailure
from compiler.language.retry_policy import RetryPolicy
from compiler.language.retry_policy import retry_delay as policy_delay

TEMPORARY_STATUSES = frozenset({408, 425, 429})
"""The 4xx statuses that mean "later" rather than "no"."""
MAX_RETRY_AFTER = 7 * 24 * 3600.0
"""Seconds. A longer `Retry-After` counts as this."""


def should_give_up(policy: RetryPolicy, failure: AttemptFailure) -> bool:
    """Whether the policy's `give_up_on` names the failure: its code, its HTTP status, or the class of the status."""
    named = set(policy.give_up_on)
    status = failure.status
    if failure.code in named or str(status) in named:
        return True
    return status is not None and status not in TEMPORARY_STATUSES and f"{status // 100}xx" in named


def retry_delay(policy: RetryPolicy, attempt: int, retry_after: float | None = None) -> float:
    """Seconds from attempt number `attempt` (from 1) to the next one. The system's Retry-After overrides the policy."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), MAX_RETRY_AFTER)
    return policy_delay(policy, attempt)


def next_pause(policy: RetryPolicy, failure: AttemptFailure, number: int) -> float | None:
    """Seconds until the attempt after attempt `number` (from 1), which has failed. None: there is no other."""
    if not failure.retryable or should_give_up(policy, failure) or number >= policy.attempt_count:
        return None
    return retry_delay(policy, number, failure.retry_after)


def is_outcome_known(failure: AttemptFailure, *, known_before: bool) -> bool:
    """Whether it is certain what the attempts with this key have done. `known_before`: before this one."""
    return failure.outcome_known and (known_before or failure.definitive)


def parse_retry_after(value: str | None) -> float | None:
    """A `Retry-After` header in seconds from now (RFC 9110, 10.2.3); None if it is missing or malformed."""
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            return float(value.strip()[:12])
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
