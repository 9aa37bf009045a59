"""The HTTP exchange of a call: sends the request, follows redirects, and reads the response within the time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from activities.attempts.failure import AttemptFailure, definition_error
from activities.calls.http_response import HttpResponse
from activities.calls.request import HttpRequest
from activities.calls.response import read_response
from activities.systems.urls import BaseUrl, redirect_target
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.http_words import BodyFormat

MAX_REDIRECTS = 5


class _SendTrace:
    """Whether any part of a request may have reached the system."""

    started = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.started = True


async def send_request(
    client: httpx.AsyncClient, base: BaseUrl, request: HttpRequest, accept: BodyFormat, time_limit: float
) -> HttpResponse:
    """The response, whatever its status. `time_limit`: seconds for all of it, redirects included.

    Raises AttemptFailure: `timeout`, `connection`, a refused redirect, or what read_response raises.
    """
    trace = _SendTrace()
    try:
        async with asyncio.timeout(time_limit):
            return await _send_with_redirects(client, base, request, accept, trace)
    except TimeoutError:
        message = f"{request.label}: no response within {round(time_limit, 3):g} s"
        raise AttemptFailure(TIMEOUT, message, outcome_known=not trace.started, system_down=True) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
        raise definition_error(f"{request.label}: HTTP does not allow this request") from None
    except (httpx.TransportError, OSError) as error:
        raise _connection_failure(error, base, request, trace) from None


def _connection_failure(error: Exception, base: BaseUrl, request: HttpRequest, trace: _SendTrace) -> AttemptFailure:
    reason = request.masker.mask_text(str(error) or type(error).__name__).splitlines()[0][:200]
    problem = "the connection was lost" if trace.started else f"{base.host} cannot be reached"
    message = f"{request.label}: {problem}: {reason}"
    return AttemptFailure(CONNECTION, message, outcome_known=not trace.started, system_down=True)


async def _send_with_redirects(
    client: httpx.AsyncClient, base: BaseUrl, request: HttpRequest, accept: BodyFormat, trace: _SendTrace
) -> HttpResponse:
    method, url, content = request.method, request.url, request.content
    for _ in range(MAX_REDIRECTS + 1):
        sent = httpx.Request(method, url, headers=request.headers, content=content, extensions={"trace": trace})
        response = await client.send(sent, stream=True)
        try:
            if not response.has_redirect_location:
                return await read_response(response, request, accept)
            target = redirect_target(base, url, response.headers["location"])
        finally:
            await response.aclose()
        if target is None:
            raise _redirect_failure(request, response, "it leads out of the system's base_url")
        if response.status_code in (301, 302) and method != "GET":
            raise _redirect_failure(request, response, "only 307 and 308 redirect a request that changes something")
        if response.status_code == 303:
            method, content = "GET", None
        url = target
    raise _redirect_failure(request, response, f"at most {MAX_REDIRECTS} redirects are followed")


def _redirect_failure(request: HttpRequest, response: httpx.Response, why: str) -> AttemptFailure:
    status = response.status_code
    message = f"{request.label}: the redirect ({status}) is not followed: {why}"
    return AttemptFailure(str(status), message, status=status, retryable=False, outcome_known=False)
