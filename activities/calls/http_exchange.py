"""The exchange: a request goes out to a system, its answer comes in, within the time that the call has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from activities.attempts.failure import AttemptFailure, definition_error
from activities.calls.request import HttpRequest
from activities.calls.response import HttpResponse, read_response
from activities.systems.urls import BaseUrl, redirect_target
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.steps import BodyFormat

MAX_REDIRECTS = 5


class _SendTrace:
    """Whether anything of a request may have reached the system."""

    started = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.started = True


async def send_request(
    client: httpx.AsyncClient, base: BaseUrl, request: HttpRequest, accept: BodyFormat, time_limit: float
) -> HttpResponse:
    """The answer, whatever its status, within so many `seconds` for all of it, redirects included.

    Raises Failure: `timeout`, `connection`, or what `read_answer` raises.
    """
    sending = _SendTrace()
    try:
        async with asyncio.timeout(time_limit):
            return await _send_with_redirects(client, base, request, accept, sending)
    except TimeoutError:
        message = f"{request.label}: no answer within {round(time_limit, 3):g} s"
        raise AttemptFailure(TIMEOUT, message, outcome_known=not sending.started, system_down=True) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
        raise definition_error(f"{request.label}: the request is none that HTTP allows") from None
    except (httpx.TransportError, OSError) as error:
        raise _connection_failure(error, base, request, sending) from None


def _connection_failure(error: Exception, base: BaseUrl, request: HttpRequest, trace: _SendTrace) -> AttemptFailure:
    reason = request.masker.mask_text(str(error) or type(error).__name__).splitlines()[0][:200]
    if trace.started:
        return AttemptFailure(
            CONNECTION, f"{request.label}: the connection was lost: {reason}", outcome_known=False, system_down=True
        )
    return AttemptFailure(
        CONNECTION, f"{request.label}: nobody can be reached at {base.host}: {reason}", system_down=True
    )


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
            raise _redirect_failure(request, response, "a request that changes things is not sent elsewhere")
        if response.status_code == 303:
            method, content = "GET", None
        url = target
    raise _redirect_failure(request, response, f"it was the last of {MAX_REDIRECTS + 1}")


def _redirect_failure(request: HttpRequest, response: httpx.Response, why: str) -> AttemptFailure:
    message = f"{request.label}: the redirect ({response.status_code}) is not followed: {why}"
    status = response.status_code
    return AttemptFailure(str(status), message, status=status, retryable=False, outcome_known=False)
