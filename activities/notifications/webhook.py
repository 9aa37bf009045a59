"""One event on its way to one receiver: signed, sent, its answer judged by the status alone."""

from __future__ import annotations

import asyncio
import time

import httpx

from activities.attempts.failure import AttemptFailure, parse_retry_after
from activities.calls.secret_masking import SecretMasker
from activities.notifications.cloud_events import CONTENT_TYPE, signature_headers
from activities.notifications.resolved_receiver import ResolvedReceiver
from activities.systems.connections import ConnectionPools
from activities.systems.credentials import Credentials, read_secret
from activities.systems.oauth_tokens import TokenCache
from activity_contract.calls import CONNECTION, TIMEOUT

GONE = 410
MAX_RESPONSE_BYTES = 64 * 1024
"""Bytes that are taken in, so that the connection can be used again; nobody reads them."""
_RESERVED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "webhook-id"})


class WebhookSender:
    def __init__(self, connections: ConnectionPools) -> None:
        self._connections = connections
        self._tokens = TokenCache()

    async def send(self, receiver: ResolvedReceiver, event_id: str, body: bytes) -> None:
        """Returns once the receiver has answered 2xx. Raises Failure, with neither address nor secret in it."""
        try:
            async with asyncio.timeout(receiver.timeout), self._connections.client_for(receiver.endpoint) as client:
                credentials = await self._tokens.credentials(receiver.endpoint, client)
                status, pause = await _post_event(client, receiver, event_id, body, credentials)
                if status == 401 and credentials.token is not None:  # it may have ended before its time
                    credentials = await self._tokens.credentials(receiver.endpoint, client, credentials.token)
                    status, pause = await _post_event(client, receiver, event_id, body, credentials)
        except TimeoutError:
            raise AttemptFailure(
                TIMEOUT, f"receiver {receiver.id} has not answered within {receiver.timeout:g} s"
            ) from None
        if 200 <= status < 300:
            return
        message = f"receiver {receiver.id} answered {status}"
        if 300 <= status < 400:
            message += ": a redirect is not followed, give the address itself"
        raise AttemptFailure(str(status), message, status=status, retryable=status != GONE, retry_after=pause)


async def _post_event(
    client: httpx.AsyncClient, receiver: ResolvedReceiver, event_id: str, body: bytes, credentials: Credentials
) -> tuple[int, float | None]:
    """(status, Retry-After in seconds)."""
    secret = receiver.receiver.secret
    key = None if secret is None else read_secret(secret, receiver.endpoint.id)
    headers = {
        name: value for name, value in receiver.endpoint.headers.items() if name.lower() not in _RESERVED_HEADERS
    }
    headers |= {"Content-Type": CONTENT_TYPE, "User-Agent": "ordo", "Accept-Encoding": "identity"}
    headers |= credentials.headers | signature_headers(body, event_id, int(time.time()), key)
    try:
        return await _send(client, httpx.Request("POST", receiver.url, headers=headers, content=body))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _connection_failure(receiver, error, credentials.masked_values) from None


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, float | None]:
    response = await client.send(request, stream=True)
    try:
        taken = 0
        async for chunk in response.aiter_raw():
            taken += len(chunk)
            if taken > MAX_RESPONSE_BYTES:
                break
    finally:
        await response.aclose()
    return response.status_code, parse_retry_after(response.headers.get("retry-after"))


def _connection_failure(receiver: ResolvedReceiver, error: Exception, secrets: tuple[str, ...]) -> AttemptFailure:
    said = (str(error) or type(error).__name__).splitlines()[0][:200]
    reason = SecretMasker((receiver.url, *receiver.endpoint.secret_headers, *secrets)).mask_text(said)
    return AttemptFailure(CONNECTION, f"receiver {receiver.id} cannot be reached: {reason}")
