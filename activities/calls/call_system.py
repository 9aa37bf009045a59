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

from activities.attempts.attempt import Attempt, error_of, gives_up, to_its_end
from activities.attempts.failure import Failure, configuration_error
from activities.calls.breaker_reports import SystemHealth
from activities.calls.http_exchange import exchange
from activities.calls.request import Request, request_of
from activities.calls.response import Answer
from activities.calls.response_outcome import Reading, refusal
from activities.systems.connections import Connections
from activities.systems.credentials import Credentials, credentials_for
from activities.systems.oauth_tokens import Tokens
from activities.systems.reachable_system import ReachableSystem, Systems
from activity_contract.calls import (
    CALL_SYSTEM,
    LONGEST_BACKOFF,
    NOT_YET,
    POLL_SYSTEM,
    RETRY_LATER,
    TIMEOUT,
    FailureDetails,
    SystemAnswer,
    SystemCall,
)

logger = structlog.get_logger("activities")

INTERNAL_ERROR = "internal_error"
UNAUTHORIZED = 401


class SystemCalls:
    """The activities of every system's task queue."""

    def __init__(
        self,
        systems: Systems,
        connections: Connections,
        tokens: Tokens | None = None,
        health: SystemHealth | None = None,
    ) -> None:
        """Without `health` nobody counts what calls meet."""
        self._systems = systems
        self._connections = connections
        self._tokens = tokens or Tokens()
        self._health = health or SystemHealth()

    @activity.defn(name=CALL_SYSTEM)
    async def call_system(self, call: SystemCall) -> SystemAnswer:
        attempt = Attempt(call)
        try:
            with attempt.heartbeats():
                reading, answer = await to_its_end(self._ask(call))
            output = reading.output()
        except Exception as error:
            raise attempt.failed(_failure_of(error, call)) from None
        logger.debug("called", order_id=call.order_id, step_id=call.step_id, system=call.system, status=answer.status)
        return SystemAnswer(status=answer.status, output=output, attempts=attempt.number)

    @activity.defn(name=POLL_SYSTEM)
    async def poll_system(self, call: SystemCall) -> SystemAnswer:
        """Asks once. What a retry may cure never ends the wait; how long it lasts is the workflow's affair."""
        attempt, asked = Attempt(call), call.earlier_attempts + activity.info().attempt
        try:
            with attempt.heartbeats():
                reading, answer = await self._ask(call)
            if reading.until_holds():
                return SystemAnswer(status=answer.status, output=reading.output(), attempts=asked)
        except Exception as error:
            failure = _failure_of(error, call)
            over = not failure.retryable or gives_up(call.retry, failure)
            pause = None if over else max(call.every, failure.retry_after or 0.0)
            logger.warning(
                "asking failed", order_id=call.order_id, step_id=call.step_id, code=failure.code,
                error=failure.message, asked_again_in=pause,
            )  # fmt: skip
            raise error_of(failure, asked, pause) from None
        raise _not_yet(call, asked)

    async def _ask(self, call: SystemCall) -> tuple[Reading, Answer]:
        """The answer, found good so far: its status is 2xx and no `fail_when` holds. Raises Failure."""
        system = self._systems.system(call.system)
        if system is None:
            raise configuration_error(f"This worker's catalogue has no system {call.system}")
        try:
            async with self._connections.to(system) as client:
                answer, request = await self._exchanged(call, system, client)
        except Failure as failure:
            if failure.unwell:
                self._health.failed(system, failure)
            raise
        reading = Reading(call, answer, request)
        refused = refusal(answer, request, system.system.error_code)
        if refused is not None and refused.unwell:
            self._health.failed(system, refused)
        else:
            self._health.answered(system)
        if failed := refused or reading.business_failure():
            raise failed
        return reading, answer

    async def _exchanged(
        self, call: SystemCall, system: ReachableSystem, client: httpx.AsyncClient
    ) -> tuple[Answer, Request]:
        """All of it, a token that has to be got first included, within the call's `timeout`."""
        until = time.monotonic() + call.timeout
        accept = call.accept or call.format
        credentials = await self._credentials(call, system, client, until)
        request = request_of(call, system, credentials)
        answer = await exchange(client, system.base, request, accept, until - time.monotonic())
        if answer.status == UNAUTHORIZED and credentials.token is not None:
            credentials = await self._credentials(call, system, client, until, refused=credentials.token)
            request = request_of(call, system, credentials)
            answer = await exchange(client, system.base, request, accept, until - time.monotonic())
        return answer, request

    async def _credentials(
        self,
        call: SystemCall,
        system: ReachableSystem,
        client: httpx.AsyncClient,
        until: float,
        refused: str | None = None,
    ) -> Credentials:
        if system.auth is None or system.auth.oauth2 is None:
            return credentials_for(system.auth, system.id)
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return await self._tokens.credentials(system, client, refused)
        except TimeoutError:
            raise Failure(TIMEOUT, f"{system.name}: no token within {call.timeout:g} s", unwell=True) from None


def _failure_of(error: Exception, call: SystemCall) -> Failure:
    """Of a mistake in here only what it is and where is told: its message may hold what the request held."""
    if isinstance(error, Failure):
        return error
    where = traceback.format_tb(error.__traceback__)
    logger.error(
        "a call went wrong", order_id=call.order_id, step_id=call.step_id, what=type(error).__name__, where=where
    )
    message = f"the call to {call.system} went wrong in the worker ({type(error).__name__}); its log says where"
    return Failure(INTERNAL_ERROR, message, outcome_known=False)


def _not_yet(call: SystemCall, asked: int) -> ApplicationError:
    message = f"`{call.until}` does not hold yet; asked again in {call.every:g} s"
    later = call.every > LONGEST_BACKOFF
    details = FailureDetails(code=NOT_YET, message=message, attempts=asked, retry_after=call.every)
    return ApplicationError(
        message,
        details,
        type=RETRY_LATER if later else NOT_YET,
        non_retryable=later,
        next_retry_delay=None if later else timedelta(seconds=call.every),
        category=ApplicationErrorCategory.BENIGN,
    )
