"""What the answer of a receiver means for a delivery: whether, and when, the event is sent again. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from activities.attempts.failure import AttemptFailure
from activities.attempts.retry_decision import parse_retry_after, retry_delay, should_give_up
from activity_contract.notifications import DeliveryOutcome
from compiler.catalogue.catalogue import Catalogue
from compiler.language.durations import parse_duration
from compiler.language.retry_policy import RetryPolicy
from compiler.language.systems import Receiver

GONE = 410
_INTERVALS = ("5s", "30s", "2m", "10m", "30m", "1h", "3h", "6h", "12h", "24h")
DEFAULT_RETRY = RetryPolicy(intervals=[parse_duration(interval) for interval in _INTERVALS])
"""For a receiver without a policy: about two days, as is usual for webhooks."""


def receiver_retry(receiver: Receiver, catalogue: Catalogue) -> RetryPolicy:
    if receiver.retry is None:
        return DEFAULT_RETRY
    return catalogue.retry_policies[receiver.retry] if isinstance(receiver.retry, str) else receiver.retry


def refusal(receiver: str, status: int, headers: Mapping[str, str]) -> AttemptFailure:
    """An answer that is not 2xx. The names of `headers` are in lower case, or compared without case."""
    message = f"receiver {receiver} answered {status}"
    if 300 <= status < 400:
        message += ": redirects are not followed, so set the final URL"
    retry_after = parse_retry_after(headers.get("retry-after"))
    return AttemptFailure(str(status), message, status=status, retryable=status != GONE, retry_after=retry_after)


def failed_outcome(retry: RetryPolicy, failure: AttemptFailure, delivered: int, attempt: int) -> DeliveryOutcome:
    """Retries everything but 410 according to the policy, because the receiver's operators may fix it.

    `delivered`: how many events before it were delivered. `attempt`: its number, from 1.
    """
    gone = failure.status == GONE
    exhausted = attempt >= retry.attempt_count
    final = gone or exhausted or should_give_up(retry, failure)
    pause = None if final else max(0.1, retry_delay(retry, attempt, failure.retry_after))
    return DeliveryOutcome(
        delivered=delivered, code=failure.code, message=failure.message, pause=pause, gone=gone, exhausted=exhausted
    )
