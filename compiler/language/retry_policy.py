"""Retry policies: how often a failed attempt is repeated, and how long the pause before it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, Tag

from compiler.language.durations import Duration
from compiler.language.references import RetryName
from compiler.language.strict_model import StrictModel, as_list, mapping_tag


def _error_code_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ErrorCode = Annotated[str, BeforeValidator(_error_code_text, json_schema_input_type=str | int)]
"""An error code; the number `404` is read as `"404"`."""
ErrorCodes = Annotated[list[ErrorCode], BeforeValidator(as_list, json_schema_input_type=list[ErrorCode] | ErrorCode)]


class RetryPolicy(StrictModel):
    """How often a failed attempt is repeated, and when."""

    max_attempts: int = Field(5, ge=1, le=1000)
    """The number of attempts, the first included."""
    initial: Duration = timedelta(seconds=1)
    """The pause before the second attempt."""
    backoff: float = Field(2.0, ge=1.0, le=100.0)
    """The factor by which each pause is longer than the one before."""
    max_interval: Duration = timedelta(minutes=1)
    """The longest pause between two attempts."""
    intervals: list[Duration] | None = None
    """The pauses one by one, instead of a back-off: n intervals make n + 1 attempts."""
    give_up_on: ErrorCodes = Field(default_factory=list)
    """Error codes that another attempt cannot fix, or classes of HTTP status (4xx, which leaves out 408, 425 and 429).
"""

    @property
    def attempt_count(self) -> int:
        return self.max_attempts if self.intervals is None else len(self.intervals) + 1


def retry_delay(policy: RetryPolicy, attempt: int) -> float:
    """Seconds between attempt number `attempt` (from 1) and the next."""
    if policy.intervals is not None:
        return policy.intervals[min(attempt, len(policy.intervals)) - 1].total_seconds()
    longest = policy.max_interval.total_seconds()
    try:
        return min(policy.initial.total_seconds() * policy.backoff ** (attempt - 1), longest)
    except OverflowError:
        return longest


RetryPolicyOrId = Annotated[
    Annotated[RetryName, Tag("an id")] | Annotated[RetryPolicy, Tag("a policy")],
    Discriminator(mapping_tag("a policy", "an id")),
]
"""A policy's id, or a policy written where it is used."""

STANDARD_RETRY = RetryPolicy(give_up_on=["invalid_request", "4xx"])
"""The policy if neither step nor system has one, unless a document with the id `standard` replaces it."""
