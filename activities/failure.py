"""What can go wrong in an attempt, before anybody has decided what follows from it."""

from __future__ import annotations

from activities.contract import CONFIGURATION_ERROR, DEFINITION_ERROR

LONGEST_MESSAGE = 2_000
"""Characters. A history keeps the message of every attempt that ends an activity."""


class Failure(Exception):
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
        settles: bool = False,
        unwell: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        """Seconds, where the system said when to come again."""
        self.outcome_known = outcome_known
        """False where the work may have been done all the same."""
        self.settles = settles
        """The system itself has said no to this key: had an earlier attempt done the work, it would have said so."""
        self.unwell = unwell
        """The system itself is down or overwhelmed, whatever it was asked; activities.health counts this."""


def definition_error(message: str, *, outcome_known: bool = True) -> Failure:
    """A mistake in the definitions, or data that they do not foresee: trying again gives the same."""
    return Failure(DEFINITION_ERROR, message, retryable=False, outcome_known=outcome_known)


def configuration_error(message: str) -> Failure:
    """Something that operations must put right before a retry can help."""
    return Failure(CONFIGURATION_ERROR, message, retryable=False)
