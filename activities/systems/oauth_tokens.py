"""oauth2: tokens of the client-credentials grant (RFC 6749, 4.4), one held for each system, renewed before it ends."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from activities.attempts.failure import AttemptFailure, configuration_error, parse_retry_after
from activities.systems.credentials import Credentials, credentials_for, read_secret, read_text_or_secret
from activities.systems.resolved_system import ResolvedSystem
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.systems import OAuth2Auth

RENEW_BEFORE_END = 30.0
"""Seconds before its end that a token is renewed; a tenth of its life where that is less."""
DEFAULT_LIFETIME = 3600.0
"""Seconds that a token is held which does not say how long it is good for; a 401 ends it sooner."""
TOKEN_TIMEOUT = 10.0
"""Seconds for the server that gives out tokens."""
MAX_BODY_BYTES = 64 * 1024
_ERROR_CODE = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class _TokenRequest:
    """What a token is asked for with. Two that are equal get the same token."""

    system: str
    url: str
    client_id: str = field(repr=False)
    secret: str = field(repr=False)
    scope: str | None
    extra_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _CachedToken:
    request: _TokenRequest
    token: str = field(repr=False)
    renew_at: float
    """By the monotonic clock."""


class TokenCache:
    def __init__(self) -> None:
        self._cached: dict[str, _CachedToken] = {}
        self._renewing: dict[_TokenRequest, asyncio.Task[_CachedToken]] = {}

    async def credentials(
        self, system: ResolvedSystem, client: httpx.AsyncClient, rejected_token: str | None = None
    ) -> Credentials:
        """The credentials of a system, with a token (where its auth is oauth2) that is still good and not `refused`.

        All who need one at the same time share one request for it. Raises Failure: `connection` or `timeout` where the
        token's server does not answer, or 429 or 5xx; configuration_error where it refuses us.
        """
        oauth2 = system.auth.oauth2 if system.auth else None
        if oauth2 is None:
            return credentials_for(system.auth, system.id)
        request = _token_request(oauth2, system.id)
        held = self._cached.get(system.id)
        if held is None or held.request != request or held.token == rejected_token or held.renew_at <= time.monotonic():
            held = await self._renew(request, client)
        hidden = (held.token, request.secret, *request.extra_secrets)
        return Credentials({"Authorization": f"Bearer {held.token}"}, hidden, held.token)

    async def _renew(self, request: _TokenRequest, client: httpx.AsyncClient) -> _CachedToken:
        task = self._renewing.get(request)
        if task is None:
            task = asyncio.create_task(_fetch_token(request, client))
            self._renewing[request] = task
            task.add_done_callback(lambda done: self._finish_renewal(request, done))
        # Whoever waits may be cancelled without taking the token from the others.
        return await asyncio.shield(task)

    def _finish_renewal(self, request: _TokenRequest, task: asyncio.Task[_CachedToken]) -> None:
        self._renewing.pop(request, None)
        if not task.cancelled() and task.exception() is None:
            self._cached[request.system] = task.result()


def _token_request(oauth2: OAuth2Auth, system: str) -> _TokenRequest:
    client_id, hidden = read_text_or_secret(oauth2.client_id, system)
    return _TokenRequest(
        system, oauth2.token_url, client_id, read_secret(oauth2.client_secret, system), oauth2.scope, hidden
    )


async def _fetch_token(request: _TokenRequest, client: httpx.AsyncClient) -> _CachedToken:
    fields = {"grant_type": "client_credentials"} | ({"scope": request.scope} if request.scope else {})
    pair = base64.b64encode(f"{quote_plus(request.client_id)}:{quote_plus(request.secret)}".encode()).decode()
    headers = {
        "Authorization": f"Basic {pair}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "ordo",
    }
    shown = f"System {request.system}: the server that gives out its tokens"
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(TOKEN_TIMEOUT):
            sent = httpx.Request("POST", request.url, headers=headers, content=urlencode(fields).encode())
            status, answer, pause = await _send(client, sent)
    except TimeoutError:
        raise AttemptFailure(
            TIMEOUT, f"{shown} has not answered within {TOKEN_TIMEOUT:g} s", system_down=True
        ) from None
    except (httpx.TransportError, OSError):
        raise AttemptFailure(CONNECTION, f"{shown} cannot be reached", system_down=True) from None
    if not 200 <= status < 300:
        raise _token_failure(shown, status, answer, pause)
    return _parse_token(request, shown, answer, asked_at)


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, dict[str, Any], float | None]:
    """(status, the JSON object that was answered, Retry-After in seconds)."""
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                break
    finally:
        await response.aclose()
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    pause = parse_retry_after(response.headers.get("retry-after"))
    return response.status_code, answer if isinstance(answer, dict) else {}, pause


def _token_failure(
    label: str, status: int, response_body: dict[str, Any], retry_after_seconds: float | None
) -> AttemptFailure:
    """Of what it says only the code of the RFC is told: the rest may echo what it was asked with."""
    said = response_body.get("error")
    code = f" {said}" if isinstance(said, str) and _ERROR_CODE.fullmatch(said) else ""
    message = f"{label} answered {status}{code}"
    if status >= 500 or status == 429:
        return AttemptFailure(CONNECTION, message, retry_after=retry_after_seconds, system_down=status != 429)
    return configuration_error(message)


def _parse_token(request: _TokenRequest, label: str, response_body: dict[str, Any], asked_at: float) -> _CachedToken:
    token, kind = response_body.get("access_token"), response_body.get("token_type", "bearer")
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise configuration_error(f"{label} answered without an access_token that a header can carry")
    if not (isinstance(kind, str) and kind.lower() == "bearer"):
        raise configuration_error(f"{label} gives out tokens that are no bearer tokens")
    try:
        life = float(response_body.get("expires_in") or DEFAULT_LIFETIME)
    except (TypeError, ValueError):
        life = DEFAULT_LIFETIME
    return _CachedToken(request, token, asked_at + life - min(RENEW_BEFORE_END, life / 10))
