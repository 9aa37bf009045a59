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

from activities.attempts.failure import Failure, configuration_error, retry_after
from activities.systems.credentials import Credentials, credentials_for, read_secret, text_of
from activities.systems.reachable_system import ReachableSystem
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.systems import OAuth2

EARLY = 30.0
"""Seconds before its end that a token is renewed; a tenth of its life where that is less."""
UNSAID = 3600.0
"""Seconds that a token is held which does not say how long it is good for; a 401 ends it sooner."""
PATIENCE = 10.0
"""Seconds for the server that gives out tokens."""
LARGEST = 64 * 1024
_CODE = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class _Request:
    """What a token is asked for with. Two that are equal get the same token."""

    system: str
    url: str
    client_id: str = field(repr=False)
    secret: str = field(repr=False)
    scope: str | None
    hidden: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Held:
    request: _Request
    token: str = field(repr=False)
    renew_at: float
    """By the monotonic clock."""


class Tokens:
    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._renewing: dict[_Request, asyncio.Task[_Held]] = {}

    async def credentials(
        self, system: ReachableSystem, client: httpx.AsyncClient, refused: str | None = None
    ) -> Credentials:
        """The credentials of a system, with a token (where its auth is oauth2) that is still good and not `refused`.

        All who need one at the same time share one request for it. Raises Failure: `connection` or `timeout` where the
        token's server does not answer, or 429 or 5xx; configuration_error where it refuses us.
        """
        oauth2 = system.auth.oauth2 if system.auth else None
        if oauth2 is None:
            return credentials_for(system.auth, system.id)
        request = _request_of(oauth2, system.id)
        held = self._held.get(system.id)
        if held is None or held.request != request or held.token == refused or held.renew_at <= time.monotonic():
            held = await self._renewed(request, client)
        hidden = (held.token, request.secret, *request.hidden)
        return Credentials({"Authorization": f"Bearer {held.token}"}, hidden, held.token)

    async def _renewed(self, request: _Request, client: httpx.AsyncClient) -> _Held:
        task = self._renewing.get(request)
        if task is None:
            task = asyncio.create_task(_fetched(request, client))
            self._renewing[request] = task
            task.add_done_callback(lambda done: self._end(request, done))
        # Whoever waits may be cancelled without taking the token from the others.
        return await asyncio.shield(task)

    def _end(self, request: _Request, done: asyncio.Task[_Held]) -> None:
        self._renewing.pop(request, None)
        if not done.cancelled() and done.exception() is None:
            self._held[request.system] = done.result()


def _request_of(oauth2: OAuth2, system: str) -> _Request:
    client_id, hidden = text_of(oauth2.client_id, system)
    return _Request(
        system, oauth2.token_url, client_id, read_secret(oauth2.client_secret, system), oauth2.scope, hidden
    )


async def _fetched(request: _Request, client: httpx.AsyncClient) -> _Held:
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
        async with asyncio.timeout(PATIENCE):
            sent = httpx.Request("POST", request.url, headers=headers, content=urlencode(fields).encode())
            status, answer, pause = await _answered(client, sent)
    except TimeoutError:
        raise Failure(TIMEOUT, f"{shown} has not answered within {PATIENCE:g} s", unwell=True) from None
    except (httpx.TransportError, OSError):
        raise Failure(CONNECTION, f"{shown} cannot be reached", unwell=True) from None
    if not 200 <= status < 300:
        raise _refusal(shown, status, answer, pause)
    return _taken(request, shown, answer, asked_at)


async def _answered(client: httpx.AsyncClient, sent: httpx.Request) -> tuple[int, dict[str, Any], float | None]:
    """(status, the JSON object that was answered, Retry-After in seconds)."""
    response = await client.send(sent, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > LARGEST:
                break
    finally:
        await response.aclose()
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    pause = retry_after(response.headers.get("retry-after"))
    return response.status_code, answer if isinstance(answer, dict) else {}, pause


def _refusal(shown: str, status: int, answer: dict[str, Any], pause: float | None) -> Failure:
    """Of what it says only the code of the RFC is told: the rest may echo what it was asked with."""
    said = answer.get("error")
    code = f" {said}" if isinstance(said, str) and _CODE.fullmatch(said) else ""
    message = f"{shown} answered {status}{code}"
    if status >= 500 or status == 429:
        return Failure(CONNECTION, message, retry_after=pause, unwell=status != 429)
    return configuration_error(message)


def _taken(request: _Request, shown: str, answer: dict[str, Any], asked_at: float) -> _Held:
    token, kind = answer.get("access_token"), answer.get("token_type", "bearer")
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise configuration_error(f"{shown} answered without an access_token that a header can carry")
    if not (isinstance(kind, str) and kind.lower() == "bearer"):
        raise configuration_error(f"{shown} gives out tokens that are no bearer tokens")
    try:
        life = float(answer.get("expires_in") or UNSAID)
    except (TypeError, ValueError):
        life = UNSAID
    return _Held(request, token, asked_at + life - min(EARLY, life / 10))
