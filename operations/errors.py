"""Everything that can go wrong with an operation, and what that is as an exit status and as an HTTP status."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contract.order_messages import Refusal

ENDED = "ended"
REJECTED = "rejected"
CONFLICT = "conflict"
NO_WORKER = "no_worker"
BUSY = "busy"
UNREACHABLE = "server_unreachable"
TIMED_OUT = "timed_out"
SERVER_ERROR = "server_error"
FULL = "mailbox_full"


class Answer(NamedTuple):
    exit: int
    http: int


ANSWERS: dict[str, Answer] = {
    Refusal.NOT_FOUND: Answer(1, 404),
    Refusal.NOT_NOW: Answer(1, 409),
    Refusal.STALE: Answer(1, 409),
    Refusal.INVALID: Answer(1, 422),
    Refusal.AMBIGUOUS: Answer(1, 409),
    ENDED: Answer(1, 410),
    REJECTED: Answer(1, 422),
    CONFLICT: Answer(1, 409),
    NO_WORKER: Answer(1, 503),
    BUSY: Answer(1, 503),
    UNREACHABLE: Answer(3, 503),
    TIMED_OUT: Answer(5, 504),
    SERVER_ERROR: Answer(1, 502),
    FULL: Answer(1, 429),
}


class OperationError(Exception):
    """`code` is stable and a key of ANSWERS; the message is for the person who asked."""

    def __init__(self, code: str, message: str, findings: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.findings = list(findings)

    @property
    def exit_status(self) -> int:
        return ANSWERS.get(self.code, ANSWERS[SERVER_ERROR]).exit

    @property
    def http_status(self) -> int:
        return ANSWERS.get(self.code, ANSWERS[SERVER_ERROR]).http


class Refused(OperationError):
    """The order, or the state it is in, does not allow it."""


class NotFound(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(Refusal.NOT_FOUND, message)


class NoWorker(OperationError):
    """Temporal is there, but nobody runs orders."""

    def __init__(self, message: str) -> None:
        super().__init__(NO_WORKER, f"{message}: no worker answered. Start one with `python worker.py`")


class ServerUnreachable(OperationError):
    def __init__(self, address: str, reason: str = "") -> None:
        self.address = address
        because = f" ({reason})" if reason else ""
        super().__init__(
            UNREACHABLE,
            f"Temporal cannot be reached at {address}{because}. Start one with `python starter.py up`, or with "
            "`docker compose up`; or name another with --address.",
        )


class TimedOut(OperationError):
    """The caller's patience is over; the order goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(TIMED_OUT, message)


SILENT = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
"""How Temporal says that no worker took the question within the deadline, or that none has asked for work lately."""

INNER_MESSAGE = re.compile(r'message: "([^"]+)"')

PATIENCE = 10.0
"""Seconds for one question."""


def _refusal_in(error: BaseException | None) -> ApplicationError | None:
    while error is not None and not isinstance(error, ApplicationError):
        error = error.__cause__ or getattr(error, "cause", None)
    return error


def is_missing(error: RPCError) -> bool:
    """No such workflow, or none that still runs (rather than no such namespace)."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower()


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""


def reason_of(text: str) -> str:
    """The innermost reason of a connection that failed: `Connection refused`, out of all that the client says."""
    found = INNER_MESSAGE.findall(text)
    return found[-1] if found else _first_line(text)


def _of_update(error: WorkflowUpdateFailedError, what: str) -> OperationError:
    refusal = _refusal_in(error)
    message = refusal.message if refusal else str(error.__cause__ or error)
    if refusal and refusal.type in ANSWERS:
        return Refused(refusal.type, message)
    return OperationError(SERVER_ERROR, f"{what}: {message}")


def _of_call(error: RPCError, what: str, address: str) -> OperationError:
    if is_missing(error):
        return NotFound(f"{what} is not there, or has ended")
    if error.status is RPCStatusCode.UNAVAILABLE:
        return ServerUnreachable(address, reason_of(error.message))
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return OperationError(
            BUSY, f"{what}: too much at once ({_first_line(error.message)}); send it again a little later"
        )
    if error.status in SILENT:
        return NoWorker(what)
    return OperationError(SERVER_ERROR, f"{what}: Temporal at {address} answered: {_first_line(error.message)}")


def translated(error: Exception, what: str, address: str) -> OperationError:
    """`error` of the Temporal client, met while doing `what` ("order HS-1"), in the caller's words."""
    if isinstance(error, WorkflowUpdateFailedError):
        return _of_update(error, what)
    if isinstance(error, (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, TimeoutError)):
        return NoWorker(what)
    if isinstance(error, RPCError):
        return _of_call(error, what, address)
    if isinstance(error, RuntimeError):  # what a client that connects at its first question raises
        return ServerUnreachable(address, reason_of(str(error)))
    return OperationError(SERVER_ERROR, f"{what}: {error}")


TEMPORAL_ERRORS = (
    WorkflowUpdateFailedError,
    WorkflowQueryFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    RPCTimeoutOrCancelledError,
    RPCError,
    TimeoutError,
)


@asynccontextmanager
async def asking_worker(what: str, address: str, patience: float | None = PATIENCE) -> AsyncIterator[None]:
    """Turns what the Temporal client raises inside into an OperationError about `what`.

    NoWorker after `patience` seconds (None: never). Deadlines given to the client hold for one exchange only, and not
    for the outcome of an update that was accepted.
    """
    try:
        async with asyncio.timeout(patience):
            yield
    except TEMPORAL_ERRORS as error:
        _be_cancelled(error)
        raise translated(error, what, address) from error
    except RuntimeError as error:
        if "client connect" not in str(error):
            raise
        raise translated(error, what, address) from error


@asynccontextmanager
async def asking(what: str, address: str, patience: float | None = PATIENCE) -> AsyncIterator[None]:
    """As `asking_worker`, where Temporal answers by itself: silence means that it cannot be reached."""
    try:
        async with asking_worker(what, address, patience):
            yield
    except NoWorker as error:
        raise ServerUnreachable(address, "no answer in time") from error


def _be_cancelled(error: Exception) -> None:
    """The client turns the cancellation of its caller into an error of its own; it has to remain one."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error
