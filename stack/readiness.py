"""How a service is asked whether it is ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from stack.supervisor import current_run_log


def http_ready(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                return (await client.get(url)).is_success
            except httpx.HTTPError:
                return False

    return ready


def log_contains(text: str, log: Path) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return text in current_run_log(log)

    return ready
