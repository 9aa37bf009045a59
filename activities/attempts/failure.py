"""What can go wrong in an attempt, before anybody has decided what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from activity_contract.calls import CONFIGURATION_ERROR, DEFINITION_ERROR

MAX_MESSAGE_LENGTH = 2_000
"""Characters. A history keeps the message of every attempt that ends an activity."""


class AttemptFailure(Exception):
    """An attempt that failed, classified. `retryable` is what the failure itself says; a policy may know better."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
        outcome_known: bool = True,
        definitive: bool = False,
        system_down: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message if len(message) <= MAX_MESSAGE_LENGTH else message[: MAX_MESSAGE_LENGTH - 1] + "…"
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        """Seconds, where the system said when to come again."""
        self.outcome_known = outcome_known
        """False where the work may have been done all the same."""
        self.definitive = definitive
        """The system itself has said no to this key: had an earlier attempt done the work, it would have said so."""
        self.system_down = system_down
        """The system itself is down or overwhelmed, whatever it was asked; calls/breaker_reports.py counts this."""


def definition_error(message: str, *, outcome_known: bool = True) -> AttemptFailure:
    """A mistake in the definitions, or data that they do not foresee: trying again gives the same."""
    return AttemptFailure(DEFINITION_ERROR, message, retryable=False, outcome_known=outcome_known)


def configuration_error(message: str) -> AttemptFailure:
    """Something that operations must put right before a retry can help."""
    return AttemptFailure(CONFIGURATION_ERROR, message, retryable=False)


def parse_retry_after(value: str | None) -> float | None:
    """Seconds from now, of either form (RFC 9110, 10.2.3); None where there is none that can be read."""
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
