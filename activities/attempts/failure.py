"""What can go wrong in one attempt, before anything decides what follows from it."""

from __future__ import annotations

from activity_contract.calls import CONFIGURATION_ERROR, DEFINITION_ERROR

MAX_MESSAGE_LENGTH = 2_000
"""Characters. The history keeps the message of each attempt that ends an activity."""


class AttemptFailure(Exception):
    """A failed attempt, classified."""

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
        """Whether another attempt may help. A retry policy may still give up."""
        self.retry_after = retry_after
        """Seconds, if the system said when to retry."""
        self.outcome_known = outcome_known
        """False if the work may have been done despite the failure."""
        self.definitive = definitive
        """The system itself refused this key, so no earlier attempt with the key has done the work either."""
        self.system_down = system_down
        """The system itself is down or overloaded, whatever the request was. calls/breaker_reports.py counts this."""


def definition_error(message: str, *, outcome_known: bool = True) -> AttemptFailure:
    """An error in the definitions, or data that they do not expect. A retry would give the same result."""
    return AttemptFailure(DEFINITION_ERROR, message, retryable=False, outcome_known=outcome_known)


def configuration_error(message: str) -> AttemptFailure:
    """Something that operations must fix before a retry can help."""
    return AttemptFailure(CONFIGURATION_ERROR, message, retryable=False)
