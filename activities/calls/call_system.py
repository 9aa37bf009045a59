"""CALL_SYSTEM and POLL_SYSTEM: one HTTP request to a system, and what its response means."""

from __future__ import annotations

import asyncio
import time
import traceback

import httpx
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationErrorCategory

from activities.attempts.attempt import Attempt, run_to_completion, to_application_error
from activities.attempts.failure import AttemptFailure, configuration_error
from activities.attempts.retry_decision import should_give_up
from activities.calls.breaker_reports import SystemHealth
from activities.calls.http_exchange import send_request
from activities.calls.http_response import HttpResponse
from activities.calls.request import HttpRequest, build_request
from activities.calls.response_outcome import ResponseEvaluator, status_failure
from activities.systems.connections import ConnectionPools
from activities.systems.credentials import Credentials
from activities.systems.oauth_tokens import TokenCache
from activities.systems.resolved_system import ResolvedSystem, SystemLookup
from activity_contract.activity_names import CALL_SYSTEM, POLL_SYSTEM
from activity_contract.calls import INTERNAL_ERROR, NOT_YET, TIMEOUT, SystemCall, SystemCallResult

logger = structlog.get_logger("activities")

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
        self._systems = systems
        self._connections = connections
        self._tokens = tokens or TokenCache()
        self._health = health or SystemHealth()

    @activity.defn(name=CALL_SYSTEM)
    async def call_system(self, call: SystemCall) -> SystemCallResult:
        attempt = Attempt(call)
        try:
            with attempt.heartbeats():
                evaluator, response = await run_to_completion(self._call(call))
            output = evaluator.output()
        except Exception as error:
            raise attempt.record_failure(_to_failure(error, call)) from None
        attempt.record_success(response.status)
        logger.debug("called", order_id=call.order_id, step_id=call.step_id, system=call.system, status=response.status)
        return SystemCallResult(status=response.status, output=output, attempts=attempt.number)

    @activity.defn(name=POLL_SYSTEM)
    async def poll_system(self, call: SystemCall) -> SystemCallResult:
        """Sends one request. Only an error that a retry cannot resolve ends polling; the workflow limits its time."""
        attempt, attempts = Attempt(call), call.earlier_attempts + activity.info().attempt
        try:
            with attempt.heartbeats():
                evaluator, response = await self._call(call)
            if evaluator.until_holds():
                output = evaluator.output()
                attempt.record_poll(status=response.status)
                return SystemCallResult(status=response.status, output=output, attempts=attempts)
        except Exception as error:
            failure = _to_failure(error, call)
            final = not failure.retryable or should_give_up(call.retry, failure)
            pause = None if final else max(call.every, failure.retry_after or 0.0)
            logger.warning(
                "poll failed", order_id=call.order_id, step_id=call.step_id, code=failure.code,
                error=failure.message, next_poll_in=pause,
            )  # fmt: skip
            attempt.record_poll(failure, pause=pause)
            raise to_application_error(failure, attempts, pause) from None
        not_yet = AttemptFailure(NOT_YET, f"`{call.until}` does not hold yet; next poll in {call.every:g} s")
        raise to_application_error(not_yet, attempts, call.every, category=ApplicationErrorCategory.BENIGN)

    async def _call(self, call: SystemCall) -> tuple[ResponseEvaluator, HttpResponse]:
        """A response with status 2xx for which no `fail_when` holds. Raises AttemptFailure."""
        system = self._systems.system(call.system)
        if system is None:
            raise configuration_error(f"This worker's catalogue has no system {call.system}")
        try:
            async with self._connections.client_for(system.endpoint) as client:
                response, request = await self._send_authorized(call, system, client)
        except AttemptFailure as failure:
            if failure.system_down:
                self._health.record_failure(system, failure)
            raise
        evaluator = ResponseEvaluator(call, response, request.label)
        refused = status_failure(response, request.label, system.system.error_code)
        if refused is not None and refused.system_down:
            self._health.record_failure(system, refused)
        else:
            self._health.record_success(system)
        if failed := refused or evaluator.business_failure():
            raise failed
        return evaluator, response

    async def _send_authorized(
        self, call: SystemCall, system: ResolvedSystem, client: httpx.AsyncClient
    ) -> tuple[HttpResponse, HttpRequest]:
        """Everything, including the request for a token, takes at most the call's `timeout`.

        If the system rejects a token, the request is sent once more with a new one.
        """
        deadline = time.monotonic() + call.timeout
        rejected_token = None
        while True:
            credentials = await self._credentials(call, system, client, deadline, rejected_token)
            request = build_request(call, system, credentials)
            time_left = deadline - time.monotonic()
            accept = call.accept or call.format
            response = await send_request(client, system.endpoint.base, request, accept, time_left)
            if response.status != UNAUTHORIZED or credentials.token is None or rejected_token is not None:
                return response, request
            rejected_token = credentials.token

    async def _credentials(
        self,
        call: SystemCall,
        system: ResolvedSystem,
        client: httpx.AsyncClient,
        deadline: float,
        rejected_token: str | None,
    ) -> Credentials:
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._tokens.credentials(system.endpoint, client, rejected_token)
        except TimeoutError:
            message = f"{system.name}: no token within {call.timeout:g} s"
            raise AttemptFailure(TIMEOUT, message, system_down=True) from None


def _to_failure(error: Exception, call: SystemCall) -> AttemptFailure:
    """For an error in the worker's code, only its type and traceback are logged: its message may hold secrets."""
    if isinstance(error, AttemptFailure):
        return error
    kind, trace = type(error).__name__, traceback.format_tb(error.__traceback__)
    logger.error("error in the worker", order_id=call.order_id, step_id=call.step_id, error=kind, traceback=trace)
    message = f"an error in the worker stopped the call to {call.system} ({kind}); its log says where"
    return AttemptFailure(INTERNAL_ERROR, message, outcome_known=False)
