"""CALL_SYSTEM and POLL_SYSTEM: one asking of a system over HTTP, judged."""

from __future__ import annotations

import asyncio
import time
import traceback
from datetime import timedelta

import httpx
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.attempts.attempt import Attempt, run_to_completion, should_give_up, to_application_error
from activities.attempts.failure import AttemptFailure, configuration_error
from activities.calls.breaker_reports import SystemHealth
from activities.calls.http_exchange import send_request
from activities.calls.request import HttpRequest, build_request
from activities.calls.response import HttpResponse
from activities.calls.response_outcome import ResponseEvaluator, status_failure
from activities.systems.connections import ConnectionPools
from activities.systems.credentials import Credentials, credentials_for
from activities.systems.oauth_tokens import TokenCache
from activities.systems.resolved_system import ResolvedSystem, SystemLookup
from activity_contract.calls import (
    CALL_SYSTEM,
    MAX_BACKOFF,
    NOT_YET,
    POLL_SYSTEM,
    RETRY_LATER,
    TIMEOUT,
    FailureDetails,
    SystemCall,
    SystemCallResult,
)

logger = structlog.get_logger("activities")

INTERNAL_ERROR = "internal_error"
UNAUTHORIZED = 401


class SystemCalls:
    """The activities of every system's task queue."""

    def __init__(
        self,
        systems: SystemLookup,
        connections: ConnectionPools,
        tokens: TokenCache | None = None,
        health: SystemHealth | None = None,
    ) -> None:
        """Without `health` nobody counts what calls meet."""
        self._systems = systems
        self._connections = connections
        self._tokens = tokens or TokenCache()
        self._health = health or SystemHealth()

    @activity.defn(name=CALL_SYSTEM)
    async def call_system(self, call: SystemCall) -> SystemCallResult:
        attempt = Attempt(call)
        try:
            with attempt.heartbeats():
                reading, answer = await run_to_completion(self._call(call))
            output = reading.output()
        except Exception as error:
            raise attempt.record_failure(_to_failure(error, call)) from None
        logger.debug("called", order_id=call.order_id, step_id=call.step_id, system=call.system, status=answer.status)
        return SystemCallResult(status=answer.status, output=output, attempts=attempt.number)

    @activity.defn(name=POLL_SYSTEM)
    async def poll_system(self, call: SystemCall) -> SystemCallResult:
        """Asks once. What a retry may cure never ends the wait; how long it lasts is the workflow's affair."""
        attempt, asked = Attempt(call), call.earlier_attempts + activity.info().attempt
        try:
            with attempt.heartbeats():
                reading, answer = await self._call(call)
            if reading.until_holds():
                return SystemCallResult(status=answer.status, output=reading.output(), attempts=asked)
        except Exception as error:
            failure = _to_failure(error, call)
            over = not failure.retryable or should_give_up(call.retry, failure)
            pause = None if over else max(call.every, failure.retry_after or 0.0)
            logger.warning(
                "asking failed", order_id=call.order_id, step_id=call.step_id, code=failure.code,
                error=failure.message, asked_again_in=pause,
            )  # fmt: skip
            raise to_application_error(failure, asked, pause) from None
        raise _not_yet_error(call, asked)

    async def _call(self, call: SystemCall) -> tuple[ResponseEvaluator, HttpResponse]:
        """The answer, found good so far: its status is 2xx and no `fail_when` holds. Raises Failure."""
        system = self._systems.system(call.system)
        if system is None:
            raise configuration_error(f"This worker's catalogue has no system {call.system}")
        try:
            async with self._connections.client_for(system) as client:
                answer, request = await self._send_authorized(call, system, client)
        except AttemptFailure as failure:
            if failure.system_down:
                self._health.record_failure(system, failure)
            raise
        reading = ResponseEvaluator(call, answer, request)
        refused = status_failure(answer, request, system.system.error_code)
        if refused is not None and refused.system_down:
            self._health.record_failure(system, refused)
        else:
            self._health.record_success(system)
        if failed := refused or reading.business_failure():
            raise failed
        return reading, answer

    async def _send_authorized(
        self, call: SystemCall, system: ResolvedSystem, client: httpx.AsyncClient
    ) -> tuple[HttpResponse, HttpRequest]:
        """All of it, a token that has to be got first included, within the call's `timeout`."""
        until = time.monotonic() + call.timeout
        accept = call.accept or call.format
        credentials = await self._credentials(call, system, client, until)
        request = build_request(call, system, credentials)
        answer = await send_request(client, system.base, request, accept, until - time.monotonic())
        if answer.status == UNAUTHORIZED and credentials.token is not None:
            credentials = await self._credentials(call, system, client, until, rejected_token=credentials.token)
            request = build_request(call, system, credentials)
            answer = await send_request(client, system.base, request, accept, until - time.monotonic())
        return answer, request

    async def _credentials(
        self,
        call: SystemCall,
        system: ResolvedSystem,
        client: httpx.AsyncClient,
        deadline: float,
        rejected_token: str | None = None,
    ) -> Credentials:
        if system.auth is None or system.auth.oauth2 is None:
            return credentials_for(system.auth, system.id)
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._tokens.credentials(system, client, rejected_token)
        except TimeoutError:
            raise AttemptFailure(
                TIMEOUT, f"{system.name}: no token within {call.timeout:g} s", system_down=True
            ) from None


def _to_failure(error: Exception, call: SystemCall) -> AttemptFailure:
    """Of a mistake in here only what it is and where is told: its message may hold what the request held."""
    if isinstance(error, AttemptFailure):
        return error
    where = traceback.format_tb(error.__traceback__)
    logger.error(
        "a call went wrong", order_id=call.order_id, step_id=call.step_id, what=type(error).__name__, where=where
    )
    message = f"the call to {call.system} went wrong in the worker ({type(error).__name__}); its log says where"
    return AttemptFailure(INTERNAL_ERROR, message, outcome_known=False)


def _not_yet_error(call: SystemCall, attempts: int) -> ApplicationError:
    message = f"`{call.until}` does not hold yet; asked again in {call.every:g} s"
    later = call.every > MAX_BACKOFF
    details = FailureDetails(code=NOT_YET, message=message, attempts=attempts, retry_after=call.every)
    return ApplicationError(
        message,
        details,
        type=RETRY_LATER if later else NOT_YET,
        non_retryable=later,
        next_retry_delay=None if later else timedelta(seconds=call.every),
        category=ApplicationErrorCategory.BENIGN,
    )
