"""oauth2: tokens of the client-credentials grant (RFC 6749, 4.4), cached until shortly before they expire."""

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

from activities.attempts.failure import AttemptFailure, configuration_error
from activities.attempts.retry_decision import parse_retry_after
from activities.systems.credentials import Credentials, read_secret, read_text_or_secret, static_credentials
from activities.systems.endpoint import Endpoint
from activities.systems.response_body import send
from activity_contract.calls import CONNECTION, TIMEOUT
from compiler.language.systems import OAuth2Auth

RENEW_BEFORE_EXPIRY = 30.0
"""Seconds; a tenth of the token's lifetime if that is less."""
DEFAULT_LIFETIME = 3600.0
"""Seconds, for a token without `expires_in`. A 401 discards it earlier."""
TOKEN_TIMEOUT = 10.0
"""Seconds that the token server may take."""
MAX_BODY_BYTES = 64 * 1024
_ERROR_CODE = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class _TokenRequest:
    """Equal requests share a token."""

    owner: str
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
        self, endpoint: Endpoint, client: httpx.AsyncClient, rejected_token: str | None = None
    ) -> Credentials:
        """The endpoint's credentials. For oauth2: with a valid token other than `rejected_token`.

        Concurrent callers share one token request. Raises AttemptFailure: `connection` or `timeout` if the token server
        does not answer, or answers 429 or 5xx; `configuration_error` if it refuses the request.
        """
        oauth2 = endpoint.auth.oauth2 if endpoint.auth else None
        if oauth2 is None:
            return static_credentials(endpoint.auth, endpoint.owner)
        request = _token_request(oauth2, endpoint.owner)
        cached = self._cached.get(endpoint.owner)
        if (
            cached is None
            or cached.request != request
            or cached.token == rejected_token
            or cached.renew_at <= time.monotonic()
        ):
            cached = await self._renew(request, client)
        secrets = (cached.token, request.secret, *request.extra_secrets)
        return Credentials({"Authorization": f"Bearer {cached.token}"}, secrets, cached.token)

    async def _renew(self, request: _TokenRequest, client: httpx.AsyncClient) -> _CachedToken:
        task = self._renewing.get(request)
        if task is None:
            task = asyncio.create_task(_fetch_token(request, client))
            self._renewing[request] = task
            task.add_done_callback(lambda done: self._finish_renewal(request, done))
        # A waiting caller may be cancelled; the others still get the token.
        return await asyncio.shield(task)

    def _finish_renewal(self, request: _TokenRequest, task: asyncio.Task[_CachedToken]) -> None:
        self._renewing.pop(request, None)
        if not task.cancelled() and task.exception() is None:
            self._cached[request.owner] = task.result()


def _token_request(oauth2: OAuth2Auth, owner: str) -> _TokenRequest:
    client_id, extra_secrets = read_text_or_secret(oauth2.client_id, owner)
    secret = read_secret(oauth2.client_secret, owner)
    return _TokenRequest(owner, oauth2.token_url, client_id, secret, oauth2.scope, extra_secrets)


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
    label = f"The token server of {request.owner}"
    requested_at = time.monotonic()
    try:
        async with asyncio.timeout(TOKEN_TIMEOUT):
            form = httpx.Request("POST", request.url, headers=headers, content=urlencode(fields).encode())
            response, body = await send(client, form, MAX_BODY_BYTES)
    except TimeoutError:
        message = f"{label} has not answered within {TOKEN_TIMEOUT:g} s"
        raise AttemptFailure(TIMEOUT, message, system_down=True) from None
    except (httpx.TransportError, OSError):
        raise AttemptFailure(CONNECTION, f"{label} cannot be reached", system_down=True) from None
    content = _parse_object(body)
    if not response.is_success:
        raise _token_failure(label, response, content)
    return _parse_token(request, label, content, requested_at)


def _parse_object(body: bytes | None) -> dict[str, Any]:
    """The JSON object in `body`; empty if there is none."""
    try:
        content = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _token_failure(label: str, response: httpx.Response, content: dict[str, Any]) -> AttemptFailure:
    """Quotes only an error code as RFC 6749 has it: other text may repeat the request's secrets."""
    error = content.get("error")
    code = f" {error}" if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else ""
    status = response.status_code
    message = f"{label} answered {status}{code}"
    if status >= 500 or status == 429:
        retry_after = parse_retry_after(response.headers.get("retry-after"))
        return AttemptFailure(CONNECTION, message, retry_after=retry_after, system_down=status != 429)
    return configuration_error(message)


def _parse_token(request: _TokenRequest, label: str, content: dict[str, Any], requested_at: float) -> _CachedToken:
    token, token_type = content.get("access_token"), content.get("token_type", "bearer")
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        raise configuration_error(f"{label} sent no access_token that a header can carry")
    if not (isinstance(token_type, str) and token_type.lower() == "bearer"):
        raise configuration_error(f"{label} sent a token that is not a bearer token")
    try:
        lifetime = float(content.get("expires_in") or DEFAULT_LIFETIME)
    except (TypeError, ValueError):
        lifetime = DEFAULT_LIFETIME
    return _CachedToken(request, token, requested_at + lifetime - min(RENEW_BEFORE_EXPIRY, lifetime / 10))
