"""The exchange: a request goes out to a system, its answer comes in, within the time that the call has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from activities.attempts.failure import Failure, definition_error
from activities.calls.request import Request
from activities.calls.response import Answer, read_answer
from activities.systems.addresses import Base, redirect_target
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.steps import Format

MOST_REDIRECTS = 5


class _Sending:
    """Whether anything of a request may have reached the system."""

    begun = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.begun = True


async def exchange(client: httpx.AsyncClient, base: Base, request: Request, accept: Format, seconds: float) -> Answer:
    """The answer, whatever its status, within so many `seconds` for all of it, redirects included.

    Raises Failure: `timeout`, `connection`, or what `read_answer` raises.
    """
    sending = _Sending()
    try:
        async with asyncio.timeout(seconds):
            return await _followed(client, base, request, accept, sending)
    except TimeoutError:
        message = f"{request.shown}: no answer within {round(seconds, 3):g} s"
        raise Failure(TIMEOUT, message, outcome_known=not sending.begun, unwell=True) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
        raise definition_error(f"{request.shown}: the request is none that HTTP allows") from None
    except (httpx.TransportError, OSError) as error:
        raise _connection_failure(error, base, request, sending) from None


def _connection_failure(error: Exception, base: Base, request: Request, sending: _Sending) -> Failure:
    reason = request.masks.text(str(error) or type(error).__name__).splitlines()[0][:200]
    if sending.begun:
        return Failure(
            CONNECTION, f"{request.shown}: the connection was lost: {reason}", outcome_known=False, unwell=True
        )
    return Failure(CONNECTION, f"{request.shown}: nobody can be reached at {base.host}: {reason}", unwell=True)


async def _followed(
    client: httpx.AsyncClient, base: Base, request: Request, accept: Format, sending: _Sending
) -> Answer:
    method, url, content = request.method, request.url, request.content
    for _ in range(MOST_REDIRECTS + 1):
        sent = httpx.Request(method, url, headers=request.headers, content=content, extensions={"trace": sending})
        response = await client.send(sent, stream=True)
        try:
            if not response.has_redirect_location:
                return await read_answer(response, request, accept)
            target = redirect_target(base, url, response.headers["location"])
        finally:
            await response.aclose()
        if target is None:
            raise _astray(request, response, "it leads out of the system's base_url")
        if response.status_code in (301, 302) and method != "GET":
            raise _astray(request, response, "a request that changes things is not sent elsewhere")
        if response.status_code == 303:
            method, content = "GET", None
        url = target
    raise _astray(request, response, f"it was the last of {MOST_REDIRECTS + 1}")


def _astray(request: Request, response: httpx.Response, why: str) -> Failure:
    message = f"{request.shown}: the redirect ({response.status_code}) is not followed: {why}"
    status = response.status_code
    return Failure(str(status), message, status=status, retryable=False, outcome_known=False)
