"""Calls of systems and Python activities: what is asked, what comes back, and how they fail.

A failing activity raises `temporalio.exceptions.ApplicationError(message, FailureDetails, type=code)`; the workflow
reads `type` as the failure's code and the details as below.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from activity_contract.bindings import Bindings
from activity_contract.payloads import WireModel
from compiler.language.retry_policy import RetryPolicy
from compiler.language.steps import BodyFormat, HttpMethod

MAX_BACKOFF = 60.0
"""Seconds. A longer pause between attempts is a timer of the workflow (RETRY_LATER), not of the activity."""

RETRY_LATER = "retry_later"
"""Failure type, not retryable by Temporal: `FailureDetails.retry_after` seconds from now is the next attempt."""

NOT_YET = "not_yet"
"""Code of POLL_SYSTEM's failure while `until` does not hold."""

TIMEOUT = "timeout"
CONNECTION = "connection"
DEFINITION_ERROR = "definition_error"
"""An expression had no value; the message names file, line and column."""
CONFIGURATION_ERROR = "configuration_error"
"""The worker lacks something: a system it does not know, a secret that is not there."""
RESPONSE_TOO_LARGE = "answer_too_large"
RESPONSE_UNREADABLE = "answer_unreadable"

CALLBACK_URL = "\ue000callback.url\ue001"
CALLBACK_ID = "\ue000callback.id\ue001"
"""What `callback.url` and `callback.id` are in everything that Temporal sees. The activity puts the real ones into what
it sends, and these back into what it returns: a callback id must not be readable in a history."""


def system_task_queue(task_queue: str, system: str) -> str:
    """The queue on which the calls to `system` wait, so that its limits and its switch hold nobody else up."""
    return f"{task_queue}.{system}"


HEARTBEAT_TIMEOUT = 10.0
"""Seconds. Whoever runs longer than a moment heartbeats at least every third of that; after a worker's death an attempt
is made again when it has passed."""

TIMEOUT_MARGIN = 5.0
"""Seconds that Temporal gives an attempt beyond the call's own `timeout`, so that the activity classifies its timeouts
itself. What Temporal times out all the same counts as a lost worker, not as an answer."""


class SystemCall(WireModel):
    """One call, everything rendered but secrets, address and callback id.

    The activity decides after a failed attempt, by `retry` and the number of attempts so far (`earlier_attempts` plus
    Temporal's own count): a retryable error with `next_retry_delay` where the next pause is up to LONGEST_BACKOFF,
    RETRY_LATER where it is longer, and a non-retryable error with the failure's own code where no attempt is left or
    a retry cannot cure it. Temporal's retry policy only bounds what Temporal itself notices, a lost worker; an attempt
    lost that way is none of the policy's.

    POLL_SYSTEM asks until `until` holds. `fail_when` is judged at every asking, before `until`; `output` at the last.
    While it does not hold, and while the system cannot be asked (errors that a retry may cure), the activity fails
    retryably and is tried again after `every` seconds, by RETRY_LATER where that is more than LONGEST_BACKOFF; how long
    is the workflow's business (`within`). Other errors fail it.
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
    """`<order id>/<step id>/<do|undo>/<n>`."""
    timeout: float
    """Seconds for the HTTP exchange of one attempt."""
    retry: RetryPolicy
    earlier_attempts: int = 0
    """Attempts made by activities before this one (after RETRY_LATER), with the same key."""
    outcome_known: bool = True
    """False where one of those may have done the work: `FailureDetails.outcome_known` of the last."""
    fail_when: list[dict[str, str]] = []
    """`{if, code, message}` as written; CEL over `response` and `scope`."""
    output: Any = None
    """The step's `output` template over `response` and `scope`; None: the body."""
    scope: Bindings = {}
    """Bindings that fail_when, output and until need beside `response`."""
    places: dict[str, str] = {}
    """Expression text → file:line:column."""
    callback: bool = False
    """The step completes by callback: hand out an id that belongs to this order, step and key."""
    until: str | None = None
    """POLL_SYSTEM only: CEL over `response` and `scope`; until it holds the activity fails, to be tried again."""
    every: float = 30.0
    """POLL_SYSTEM only: seconds between two askings."""


class SystemCallResult(WireModel):
    status: int
    output: Any = None
    """What later steps see."""
    attempts: int = 1
    """Over all activities of this key."""


class StepActivity(WireModel):
    """The one argument of a Python activity (`activity: NAME`), which runs as activity type NAME on the main queue.

    It answers a StepActivityAnswer, fails as calls do, and heartbeats by itself while the function runs.
    """

    model_config = ConfigDict(populate_by_name=True)

    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The step's `with`, rendered."""
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
    """False where the system may have done the work all the same, in this attempt or one before it (timed out,
    connection lost after sending, worker lost)."""
