"""The answer of a system to one call, as scenarios and the examples of systems write it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from compiler.language.durations import Duration
from compiler.language.strict_model import StrictModel

NoAnswer = Literal["timeout", "connection"]
"""timeout: the request arrives, and no answer comes within the call's timeout. connection: the system cannot be
reached. A scenario does not send the request then, so it is certain that nothing was done; a pretend system that is
reached over HTTP (`up --pretend`) can only end the connection, after which nobody knows."""


class Answer(StrictModel):
    """What a system answers to a call."""

    status: int = Field(200, ge=100, le=599)
    """The HTTP status."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of the answer, such as `Retry-After`."""
    body: Any = None
    """The content of the answer; may contain ${…} over the request."""
    delay: Duration = timedelta(0)
    """How long the answer takes."""
