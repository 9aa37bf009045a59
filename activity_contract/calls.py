"""Calls of systems and Python activities: their input, their result, and how they fail.

A failing activity raises `temporalio.exceptions.ApplicationError(message, FailureDetails, type=code)`. The workflow
reads the failure's code from `type`.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from activity_contract.bindings import Bindings
from activity_contract.payloads import WireModel
from compiler.language.http_words import BodyFormat, HttpMethod
from compiler.language.retry_policy import RetryPolicy

MAX_BACKOFF = 60.0
"""Seconds. For a longer pause between attempts, the activity ends with RETRY_LATER and the workflow starts a timer."""

RETRY_LATER = "retry_later"
"""Failure type, not retryable by Temporal: the next attempt is due in `FailureDetails.retry_after` seconds."""

NOT_YET = "not_yet"
"""Code of POLL_SYSTEM's failure while `until` does not hold."""

TIMEOUT = "timeout"
CONNECTION = "connection"
DEFINITION_ERROR = "definition_error"
"""An expression had no value; the message names file, line and column."""
CONFIGURATION_ERROR = "configuration_error"
"""The worker lacks something, such as a system or a secret."""
INTERNAL_ERROR = "internal_error"
"""An error in Ordo's own code, or in that of a custom activity."""
RESPONSE_TOO_LARGE = "answer_too_large"
RESPONSE_UNREADABLE = "answer_unreadable"

CALLBACK_URL = "\ue000callback.url\ue001"
CALLBACK_ID = "\ue000callback.id\ue001"
"""Placeholders of `callback.url` and `callback.id`: a history must not show the real ones. The activity inserts those
into what it sends, and the placeholders into what it returns."""


def system_task_queue(task_queue: str, system: str) -> str:
    """The queue of the calls to `system`. Each system has its own, so that its limits and its switch delay no other."""
    return f"{task_queue}.{system}"


HEARTBEAT_TIMEOUT = 10.0
"""Seconds. Activities send a heartbeat every third of it. Temporal retries after this time if a worker has died."""

TIMEOUT_MARGIN = 5.0
"""Seconds that Temporal allows beyond the call's own `timeout`, so that the activity classifies timeouts itself. An
attempt that Temporal times out counts as lost with its worker."""


class SystemCall(WireModel):
    """One call, with all expressions evaluated. The activity adds secrets, base_url and callback id.

    After a failed attempt, the activity decides by `retry` and the number of attempts so far (`earlier_attempts` plus
    Temporal's own count). It raises a retryable error with `next_retry_delay` if the pause is at most MAX_BACKOFF,
    RETRY_LATER if it is longer, and a non-retryable error with the failure's code if no attempt is left or a retry
    cannot help. Temporal's own retry policy only handles a lost worker; such an attempt does not count.

    POLL_SYSTEM repeats the request until `until` holds. `fail_when` is evaluated for each response, before `until`;
    `output` for the last one. Meanwhile the activity fails with a retryable error, also if the system is unavailable,
    and is retried after `every` seconds (by RETRY_LATER if that is longer than MAX_BACKOFF). The workflow limits the
    total time (`within`). Errors that a retry cannot resolve end it.
    """

    order_id: str
    step_id: str
    system: str
    method: HttpMethod
    path: str
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = None
    format: BodyFormat = "json"
    accept: BodyFormat | None = None
    idempotency_key: str
    """Of activity_contract.idempotency_key."""
    timeout: float
    """Seconds for the HTTP exchange of one attempt."""
    retry: RetryPolicy
    earlier_attempts: int = 0
    """Attempts of earlier activities with the same key (those that ended with RETRY_LATER)."""
    outcome_known: bool = True
    """False if one of those may have done the work: `FailureDetails.outcome_known` of the last."""
    fail_when: list[dict[str, str]] = []
    """`{if, code, message}`, not evaluated: CEL with `response` and `scope`."""
    output: Any = None
    """The step's `output` template, with `response` and `scope`. None: the body."""
    scope: Bindings = {}
    """Variables that fail_when, output and until use beside `response`."""
    places: dict[str, str] = {}
    """Expression → its `file:line:column`."""
    callback: bool = False
    """Whether the step completes by callback, so that the call needs a callback id."""
    until: str | None = None
    """POLL_SYSTEM only: CEL with `response` and `scope`."""
    every: float = 30.0
    """POLL_SYSTEM only: seconds between two requests."""


class SystemCallResult(WireModel):
    status: int
    output: Any = None
    """The step's output, as later steps see it."""
    attempts: int = 1
    """Over all activities of this key."""


class StepActivity(WireModel):
    """The argument of a Python activity (`activity: NAME`), which runs as activity type NAME on the main task queue.

    It returns a StepActivityResult, fails as calls do, and sends heartbeats while the function runs.
    """

    model_config = ConfigDict(populate_by_name=True)

    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The step's `with`, with its expressions evaluated."""
    order_id: str
    step_id: str
    idempotency_key: str
    timeout: float
    """Seconds for one attempt."""
    retry: RetryPolicy
    earlier_attempts: int = 0
    outcome_known: bool = True


class StepActivityResult(WireModel):
    output: Any = None
    attempts: int = 1
    """Over all activities of this key."""


class FailureDetails(WireModel):
    """The first detail of every ApplicationError that an activity raises."""

    code: str
    message: str
    status: int | None = None
    attempts: int = 1
    """Over all activities of this key."""
    retry_after: float | None = None
    outcome_known: bool = True
    """False if this or an earlier attempt may have done the work despite its failure: it timed out, or lost its
    connection after sending, or its worker."""
