"""What a pretend system remembers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from scenarios.pretend.messages import Callback, Event


class StoredResponse(BaseModel):
    """The response to an Idempotency-Key."""

    request: str
    """Method, path and body of the first request, to recognise a key that is used for something else."""
    status: int
    headers: dict[str, str]
    body: Any
    ready: datetime
    """Until then its `delay` lasts."""


class PretendState(BaseModel):
    """Begins empty. It is plain data, so a server can keep it in a file."""

    numbers: dict[str, int] = {}
    """Method and path of an example → how many effects it had."""
    failures: dict[str, int] = {}
    """Example and effect → how many requests have failed."""
    responses: dict[str, StoredResponse] = {}
    """Idempotency-Key → response."""
    first_seen: dict[str, datetime] = {}
    """Value in a response or a path → when it first occurred: the age of a resource."""
    pending: list[Annotated[Callback | Event, Field(discriminator="kind")]] = []
