"""Reading a response's body up to a limit, so that no server can fill the worker's memory."""

from __future__ import annotations

from collections.abc import Callable

import httpx


async def read_body(
    response: httpx.Response, limit: int, decompress: Callable[[bytes], bytes] | None = None
) -> bytes | None:
    """The body of a streamed response; None if it is longer than `limit` bytes, decompressed."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > limit:
        return None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += decompress(chunk) if decompress else chunk
        if len(body) > limit:
            return None
    return bytes(body)


async def send(client: httpx.AsyncClient, request: httpx.Request, limit: int) -> tuple[httpx.Response, bytes | None]:
    """(the response, closed; its body as read_body returns it)."""
    response = await client.send(request, stream=True)
    try:
        return response, await read_body(response, limit)
    finally:
        await response.aclose()
