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

from workflows.contract.order_messages import RefusalCode

ORDER_ENDED = "ended"
ORDER_REJECTED = "rejected"
CONTENT_CONFLICT = "conflict"
WORKER_UNAVAILABLE = "no_worker"
SERVER_BUSY = "busy"
SERVER_UNREACHABLE = "server_unreachable"
TIMED_OUT = "timed_out"
SERVER_ERROR = "server_error"
MAILBOX_FULL = "mailbox_full"


class ErrorStatus(NamedTuple):
    exit_status: int
    http_status: int


ERROR_STATUSES: dict[str, ErrorStatus] = {
    RefusalCode.NOT_FOUND: ErrorStatus(1, 404),
    RefusalCode.NOT_NOW: ErrorStatus(1, 409),
    RefusalCode.STALE: ErrorStatus(1, 409),
    RefusalCode.INVALID: ErrorStatus(1, 422),
    RefusalCode.AMBIGUOUS: ErrorStatus(1, 409),
    ORDER_ENDED: ErrorStatus(1, 410),
    ORDER_REJECTED: ErrorStatus(1, 422),
    CONTENT_CONFLICT: ErrorStatus(1, 409),
    WORKER_UNAVAILABLE: ErrorStatus(1, 503),
    SERVER_BUSY: ErrorStatus(1, 503),
    SERVER_UNREACHABLE: ErrorStatus(3, 503),
    TIMED_OUT: ErrorStatus(5, 504),
    SERVER_ERROR: ErrorStatus(1, 502),
    MAILBOX_FULL: ErrorStatus(1, 429),
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
        return ERROR_STATUSES.get(self.code, ERROR_STATUSES[SERVER_ERROR]).exit_status

    @property
    def http_status(self) -> int:
        return ERROR_STATUSES.get(self.code, ERROR_STATUSES[SERVER_ERROR]).http_status


class OperationRefused(OperationError):
    """The order, or the state it is in, does not allow it."""


class NotFound(OperationRefused):
    def __init__(self, message: str) -> None:
        super().__init__(RefusalCode.NOT_FOUND, message)


class NoWorker(OperationError):
    """Temporal is there, but nobody runs orders."""

    def __init__(self, message: str) -> None:
        super().__init__(WORKER_UNAVAILABLE, f"{message}: no worker answered. Start one with `python worker.py`")


class ServerUnreachable(OperationError):
    def __init__(self, address: str, detail: str = "") -> None:
        self.address = address
        because = f" ({detail})" if detail else ""
        super().__init__(
            SERVER_UNREACHABLE,
            f"Temporal cannot be reached at {address}{because}. Start one with `python starter.py up`, or with "
            "`docker compose up`; or name another with --address.",
        )


class TimedOut(OperationError):
    """The caller's patience is over; the order goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(TIMED_OUT, message)


NO_WORKER_RPC_STATUSES = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
"""How Temporal says that no worker took the question within the deadline, or that none has asked for work lately."""

INNER_MESSAGE_PATTERN = re.compile(r'message: "([^"]+)"')

DEFAULT_TIMEOUT = 10.0
"""Seconds for one question."""


def _find_application_error(error: BaseException | None) -> ApplicationError | None:
    while error is not None and not isinstance(error, ApplicationError):
        error = error.__cause__ or getattr(error, "cause", None)
    return error


def is_workflow_not_found(error: RPCError) -> bool:
    """No such workflow, or none that still runs (rather than no such namespace)."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower()


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""


def connection_error_reason(text: str) -> str:
    """The innermost reason of a connection that failed: `Connection refused`, out of all that the client says."""
    found = INNER_MESSAGE_PATTERN.findall(text)
    return found[-1] if found else _first_line(text)


def _update_error(error: WorkflowUpdateFailedError, subject: str) -> OperationError:
    refusal = _find_application_error(error)
    message = refusal.message if refusal else str(error.__cause__ or error)
    if refusal and refusal.type in ERROR_STATUSES:
        return OperationRefused(refusal.type, message)
    return OperationError(SERVER_ERROR, f"{subject}: {message}")


def _rpc_error(error: RPCError, subject: str, address: str) -> OperationError:
    if is_workflow_not_found(error):
        return NotFound(f"{subject} is not there, or has ended")
    if error.status is RPCStatusCode.UNAVAILABLE:
        return ServerUnreachable(address, connection_error_reason(error.message))
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return OperationError(
            SERVER_BUSY, f"{subject}: too much at once ({_first_line(error.message)}); send it again a little later"
        )
    if error.status in NO_WORKER_RPC_STATUSES:
        return NoWorker(subject)
    return OperationError(SERVER_ERROR, f"{subject}: Temporal at {address} answered: {_first_line(error.message)}")


def to_operation_error(error: Exception, subject: str, address: str) -> OperationError:
    """`error` of the Temporal client, met while doing `what` ("order HS-1"), in the caller's words."""
    if isinstance(error, WorkflowUpdateFailedError):
        return _update_error(error, subject)
    if isinstance(error, (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, TimeoutError)):
        return NoWorker(subject)
    if isinstance(error, RPCError):
        return _rpc_error(error, subject, address)
    if isinstance(error, RuntimeError):  # what a client that connects at its first question raises
        return ServerUnreachable(address, connection_error_reason(str(error)))
    return OperationError(SERVER_ERROR, f"{subject}: {error}")


TEMPORAL_ERRORS = (
    WorkflowUpdateFailedError,
    WorkflowQueryFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    RPCTimeoutOrCancelledError,
    RPCError,
    TimeoutError,
)


@asynccontextmanager
async def worker_call(
    subject: str, address: str, timeout_seconds: float | None = DEFAULT_TIMEOUT
) -> AsyncIterator[None]:
    """Turns what the Temporal client raises inside into an OperationError about `what`.

    NoWorker after `patience` seconds (None: never). Deadlines given to the client hold for one exchange only, and not
    for the outcome of an update that was accepted.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TEMPORAL_ERRORS as error:
        _reraise_cancellation(error)
        raise to_operation_error(error, subject, address) from error
    except RuntimeError as error:
        if "client connect" not in str(error):
            raise
        raise to_operation_error(error, subject, address) from error


@asynccontextmanager
async def server_call(
    subject: str, address: str, timeout_seconds: float | None = DEFAULT_TIMEOUT
) -> AsyncIterator[None]:
    """As `asking_worker`, where Temporal answers by itself: silence means that it cannot be reached."""
    try:
        async with worker_call(subject, address, timeout_seconds):
            yield
    except NoWorker as error:
        raise ServerUnreachable(address, "no answer in time") from error


def _reraise_cancellation(error: Exception) -> None:
    """The client turns the cancellation of its caller into an error of its own; it has to remain one."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error
