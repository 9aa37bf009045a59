"""Reports each attempt of an activity to whoever records attempts in this process.

Temporal repeats attempts by itself, and the order learns of the last one only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """An attempt that has ended. Times have a zone."""

    order_id: str
    step_id: str
    idempotency_key: str
    number: int
    """From 1, over all activities with the same idempotency key."""
    started_at: datetime
    ended_at: datetime
    system: str | None
    """None: the attempt ran a Python activity."""
    succeeded: bool
    code: str | None = None
    """Of the failure, as `on_failure` compares it."""
    status: int | None = None
    """Of the HTTP response, if there was one."""
    message: str | None = None
    """What failed. Secrets are masked in it."""
    next_attempt_at: datetime | None = None


class AttemptSink(Protocol):
    def offer_attempt(self, attempt: AttemptRecord) -> None:
        """Returns at once."""
        ...


_sinks: list[AttemptSink] = []
"""None or one."""


def install_attempt_sink(sink: AttemptSink) -> None:
    """From now on, the activities in this process report to this sink. It replaces an earlier one."""
    _sinks[:] = [sink]


def clear_attempt_sink() -> None:
    _sinks.clear()


def has_attempt_sink() -> bool:
    return bool(_sinks)


def report_attempt(attempt: AttemptRecord) -> None:
    """Never raises: an attempt counts also if nobody records it."""
    for sink in _sinks:
        try:
            sink.offer_attempt(attempt)
        except Exception:
            logger.exception("an attempt at step %s of order %s is not recorded", attempt.step_id, attempt.order_id)
