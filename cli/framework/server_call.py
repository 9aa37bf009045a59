"""How a command asks a server: connect, ask, and end cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient

Result = TypeVar("Result")


def call_server(session: Session, operation: Callable[[OrderClient], Awaitable[Result]]) -> Result:
    """The answer of `question`, which is given a connection to the session's Temporal."""

    async def run() -> Result:
        return await operation(await session.connect())

    return asyncio.run(run())
