"""Sends one event to one receiver, signed. Only the status of the response counts."""

from __future__ import annotations

import asyncio
import time

import httpx

from activities.attempts.failure import AttemptFailure
from activities.calls.secret_masking import SecretMasker
from activities.notifications.cloud_events import CONTENT_TYPE, signature_headers
from activities.notifications.delivery_outcome import refusal
from activities.notifications.resolved_receiver import ResolvedReceiver
from activities.systems.connections import ConnectionPools
from activities.systems.credentials import Credentials, read_secret
from activities.systems.oauth_tokens import TokenCache
from activities.systems.response_body import send
from activity_contract.calls import CONNECTION, TIMEOUT

MAX_RESPONSE_BYTES = 64 * 1024
"""Bytes that are read and dropped, so that the connection can be reused."""
_RESERVED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "webhook-id"})


class WebhookSender:
    def __init__(self, connections: ConnectionPools) -> None:
        self._connections = connections
        self._tokens = TokenCache()

    async def send(self, receiver: ResolvedReceiver, event_id: str, body: bytes) -> None:
        """Returns when the receiver has answered 2xx. Raises AttemptFailure, which shows neither URL nor secret."""
        try:
            async with asyncio.timeout(receiver.timeout), self._connections.client_for(receiver.endpoint) as client:
                credentials = await self._tokens.credentials(receiver.endpoint, client)
                response = await _post_event(client, receiver, event_id, body, credentials)
                if response.status_code == 401 and credentials.token is not None:  # it may have expired early
                    credentials = await self._tokens.credentials(receiver.endpoint, client, credentials.token)
                    response = await _post_event(client, receiver, event_id, body, credentials)
        except TimeoutError:
            message = f"receiver {receiver.id} has not answered within {receiver.timeout:g} s"
            raise AttemptFailure(TIMEOUT, message) from None
        if not response.is_success:
            raise refusal(receiver.id, response.status_code, response.headers)


async def _post_event(
    client: httpx.AsyncClient, receiver: ResolvedReceiver, event_id: str, body: bytes, credentials: Credentials
) -> httpx.Response:
    endpoint, secret = receiver.endpoint, receiver.receiver.secret
    key = None if secret is None else read_secret(secret, endpoint.owner)
    headers = {name: value for name, value in endpoint.headers.items() if name.lower() not in _RESERVED_HEADERS}
    headers |= {"Content-Type": CONTENT_TYPE, "User-Agent": "ordo", "Accept-Encoding": "identity"}
    headers |= credentials.headers | signature_headers(body, event_id, int(time.time()), key)
    try:
        request = httpx.Request("POST", receiver.url, headers=headers, content=body)
        response, _ = await send(client, request, MAX_RESPONSE_BYTES)
        return response
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        masker = SecretMasker((receiver.url, *endpoint.secret_headers, *credentials.masked_values))
        message = f"receiver {receiver.id} cannot be reached: {masker.mask_text(reason)}"
        raise AttemptFailure(CONNECTION, message) from None
