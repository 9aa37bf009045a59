"""The errors of operations, each with an exit status and an HTTP status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from pydantic import ValidationError
from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contract.connection_reasons import connection_error_reason, plain_line
from workflows.contract.order_messages import Alternative, RefusalCode, RefusalDetails

ORDER_ENDED = "ended"
ORDER_REJECTED = "rejected"
CONTENT_CONFLICT = "conflict"
WORKER_UNAVAILABLE = "no_worker"
SERVER_BUSY = "busy"
SERVER_UNREACHABLE = "server_unreachable"
TIMED_OUT = "timed_out"
SERVER_ERROR = "server_error"
MAILBOX_FULL = "mailbox_full"
LEDGER_AWAY = "ledger_away"
FORBIDDEN = "forbidden"


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
    LEDGER_AWAY: ErrorStatus(1, 503),
    FORBIDDEN: ErrorStatus(1, 403),
}


class OperationError(Exception):
    """`code` is stable and a key of ERROR_STATUSES. The message is plain English and names no command. `reason`, `data`
    and `alternatives` tell programs why the operation failed and what is possible instead."""

    def __init__(
        self,
        code: str,
        message: str,
        findings: Sequence[dict[str, Any]] = (),
        *,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        alternatives: Sequence[Alternative] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.findings = list(findings)
        self.reason = reason or code
        self.data = dict(data or {})
        self.alternatives = list(alternatives)

    @property
    def details(self) -> dict[str, Any]:
        """`reason`, `data` and `alternatives` as JSON. Leaves out those that say nothing new."""
        details = {
            "reason": self.reason if self.reason != self.code else None,
            "data": self.data,
            "alternatives": [alternative.model_dump(mode="json") for alternative in self.alternatives],
        }
        return {name: value for name, value in details.items() if value}

    @property
    def exit_status(self) -> int:
        return ERROR_STATUSES.get(self.code, ERROR_STATUSES[SERVER_ERROR]).exit_status

    @property
    def http_status(self) -> int:
        return ERROR_STATUSES.get(self.code, ERROR_STATUSES[SERVER_ERROR]).http_status


class OperationRefused(OperationError):
    """The order, or its state, does not allow the operation."""


class NotFound(OperationRefused):
    def __init__(self, message: str, *alternatives: Alternative) -> None:
        super().__init__(RefusalCode.NOT_FOUND, message, alternatives=alternatives)


class NoOrder(NotFound):
    """Temporal knows no order with this id."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"There is no order {order_id}", Alternative(action="list", effect="lists the orders"))


class NoLedger(OperationRefused):
    """None is configured."""

    def __init__(self, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(RefusalCode.INVALID, message, reason="no_ledger", data=data)


class NoWorker(OperationError):
    """Temporal answers, but no worker does."""

    def __init__(self, subject: str, consequence: str = "", alternatives: Sequence[Alternative] = ()) -> None:
        start = Alternative(action="start_worker")
        super().__init__(
            WORKER_UNAVAILABLE, f"{subject}: no worker answered{consequence}", alternatives=[start, *alternatives]
        )


class UnansweredUpdate(NoWorker):
    """Temporal keeps an update for a while, so a worker that comes back carries it out, although the caller is gone."""

    def __init__(self, subject: str, *alternatives: Alternative) -> None:
        """`alternatives`: how the caller finds out what has become of it."""
        super().__init__(subject, "; what was asked may still be carried out when a worker is back", alternatives)


class ServerUnreachable(OperationError):
    def __init__(self, address: str, detail: str = "") -> None:
        self.address = address
        because = f" ({detail})" if detail else ""
        super().__init__(
            SERVER_UNREACHABLE,
            f"Temporal cannot be reached at {address}{because}",
            alternatives=[
                Alternative(action="start_server"),
                Alternative(action="connect", effect="connects to another one", required=["address"]),
            ],
        )


class TimedOut(OperationError):
    """The caller's time limit passed; the order continues."""

    def __init__(self, message: str) -> None:
        super().__init__(TIMED_OUT, message)


NO_WORKER_RPC_STATUSES = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
"""Temporal's statuses if no worker took the query in time, or if none has polled lately."""

DEFAULT_TIMEOUT = 10.0
"""Seconds for one call."""


def _find_application_error(error: BaseException | None) -> ApplicationError | None:
    while error is not None and not isinstance(error, ApplicationError):
        error = error.__cause__ or getattr(error, "cause", None)
    return error


def is_workflow_not_found(error: RPCError) -> bool:
    """Whether there is no such workflow, or it no longer runs. A missing namespace does not count."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower()


def _update_error(error: WorkflowUpdateFailedError, subject: str) -> OperationError:
    refusal = _find_application_error(error)
    message = refusal.message if refusal else str(error.__cause__ or error)
    if refusal and refusal.type in ERROR_STATUSES:
        details = _refusal_details(refusal)
        return OperationRefused(
            refusal.type, message, reason=details.reason, data=details.data, alternatives=details.alternatives
        )
    return OperationError(SERVER_ERROR, f"{subject}: {message}")


def _refusal_details(refusal: ApplicationError) -> RefusalDetails:
    """The details of the error. Empty if the worker runs another release and sends none."""
    try:
        return RefusalDetails.model_validate(*refusal.details)
    except (TypeError, ValidationError):
        return RefusalDetails(reason=refusal.type or "")


def _rpc_error(error: RPCError, subject: str, address: str) -> OperationError:
    if is_workflow_not_found(error):
        return NotFound(f"{subject} does not exist, or has ended")
    if error.status is RPCStatusCode.UNAVAILABLE:
        return ServerUnreachable(address, connection_error_reason(error.message))
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED:
        return OperationError(
            SERVER_BUSY, f"{subject}: Temporal is busy ({plain_line(error.message)}); try again a little later"
        )
    if error.status in NO_WORKER_RPC_STATUSES:
        return NoWorker(subject)
    return OperationError(SERVER_ERROR, f"{subject}: Temporal at {address} answered: {plain_line(error.message)}")


def to_operation_error(error: Exception, subject: str, address: str) -> OperationError:
    """`error` comes from the Temporal client. `subject` is what the operation was about, for example "Order HS-1"."""
    if isinstance(error, WorkflowUpdateFailedError):
        return _update_error(error, subject)
    if isinstance(error, (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, TimeoutError)):
        return NoWorker(subject)
    if isinstance(error, RPCError):
        return _rpc_error(error, subject, address)
    if isinstance(error, (RuntimeError, ValueError)):  # from a lazy client that cannot connect at its first call
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
    """Turns errors of the Temporal client into an OperationError about `subject`.

    Raises NoWorker after `timeout_seconds` (None: never). The client's own timeouts do not cover this: they limit one
    exchange, not the wait for the result of an accepted update.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TEMPORAL_ERRORS as error:
        _reraise_cancellation(error)
        raise to_operation_error(error, subject, address) from error
    except (RuntimeError, ValueError) as error:  # from a lazy client that connects at its first call
        if not any(cause in str(error) for cause in ("client connect", "invalid target URL")):
            raise
        raise to_operation_error(error, subject, address) from error


@asynccontextmanager
async def server_call(
    subject: str, address: str, timeout_seconds: float | None = DEFAULT_TIMEOUT
) -> AsyncIterator[None]:
    """Like `worker_call`, but for calls that Temporal answers itself. If it stays silent, it cannot be reached."""
    try:
        async with worker_call(subject, address, timeout_seconds):
            yield
    except NoWorker as error:
        raise ServerUnreachable(address, "no answer in time") from error


def _reraise_cancellation(error: Exception) -> None:
    """Turns the client's error back into a cancellation. The client hides a cancelled caller behind its own error."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error
