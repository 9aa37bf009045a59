"""Tells the person who runs `up` which requests no `example` answers."""

from __future__ import annotations

import asyncio

import httpx

from stack.supervisor import PrintLine

POLL_INTERVAL = 1.0


async def watch_missing_examples(address: str, print_line: PrintLine) -> None:
    """Prints each problem once, until cancelled. `address`: of the pretend systems."""
    told: set[str] = set()
    async with httpx.AsyncClient(base_url=address, timeout=2, trust_env=False) as client:
        while True:
            for problem in await _problems(client):
                if problem not in told:
                    told.add(problem)
                    print_line(problem[0].upper() + problem[1:])
            await asyncio.sleep(POLL_INTERVAL)


async def _problems(client: httpx.AsyncClient) -> list[str]:
    try:
        response = await client.get("/_log", params={"problems": "true"})
    except httpx.HTTPError:  # it restarts, which the supervisor reports
        return []
    return [call["problem"] for call in response.json()] if response.is_success else []
