"""One event on its way to one receiver: signed, sent, its answer judged by the status alone."""

from __future__ import annotations

import asyncio
import time

import httpx

from activities.attempts.failure import Failure, retry_after
from activities.calls.secret_masking import Masks
from activities.notifications.cloud_events import CONTENT_TYPE, signed
from activities.notifications.reachable_receiver import ReachableReceiver
from activities.systems.connections import Connections
from activities.systems.credentials import Credentials, read_secret
from activities.systems.oauth_tokens import Tokens
from activity_contract.calls import CONNECTION, TIMEOUT

GONE = 410
LARGEST_ANSWER = 64 * 1024
"""Bytes that are taken in, so that the connection can be used again; nobody reads them."""
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "webhook-id"})


class Webhooks:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._tokens = Tokens()

    async def send(self, receiver: ReachableReceiver, event_id: str, body: bytes) -> None:
        """Returns once the receiver has answered 2xx. Raises Failure, with neither address nor secret in it."""
        try:
            async with asyncio.timeout(receiver.timeout), self._connections.to(receiver.place) as client:
                credentials = await self._tokens.credentials(receiver.place, client)
                status, pause = await _answered(client, receiver, event_id, body, credentials)
                if status == 401 and credentials.token is not None:  # it may have ended before its time
                    credentials = await self._tokens.credentials(receiver.place, client, credentials.token)
                    status, pause = await _answered(client, receiver, event_id, body, credentials)
        except TimeoutError:
            raise Failure(TIMEOUT, f"receiver {receiver.id} has not answered within {receiver.timeout:g} s") from None
        if 200 <= status < 300:
            return
        message = f"receiver {receiver.id} answered {status}"
        if 300 <= status < 400:
            message += ": a redirect is not followed, give the address itself"
        raise Failure(str(status), message, status=status, retryable=status != GONE, retry_after=pause)


async def _answered(
    client: httpx.AsyncClient, receiver: ReachableReceiver, event_id: str, body: bytes, credentials: Credentials
) -> tuple[int, float | None]:
    """(status, Retry-After in seconds)."""
    secret = receiver.receiver.secret
    key = None if secret is None else read_secret(secret, receiver.place.id)
    headers = {name: value for name, value in receiver.place.headers.items() if name.lower() not in _OURS}
    headers |= {"Content-Type": CONTENT_TYPE, "User-Agent": "ordo", "Accept-Encoding": "identity"}
    headers |= credentials.headers | signed(body, event_id, int(time.time()), key)
    try:
        return await _exchanged(client, httpx.Request("POST", receiver.url, headers=headers, content=body))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _lost(receiver, error, credentials.secrets) from None


async def _exchanged(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, float | None]:
    response = await client.send(request, stream=True)
    try:
        taken = 0
        async for chunk in response.aiter_raw():
            taken += len(chunk)
            if taken > LARGEST_ANSWER:
                break
    finally:
        await response.aclose()
    return response.status_code, retry_after(response.headers.get("retry-after"))


def _lost(receiver: ReachableReceiver, error: Exception, secrets: tuple[str, ...]) -> Failure:
    said = (str(error) or type(error).__name__).splitlines()[0][:200]
    reason = Masks((receiver.url, *receiver.place.hidden, *secrets)).text(said)
    return Failure(CONNECTION, f"receiver {receiver.id} cannot be reached: {reason}")
