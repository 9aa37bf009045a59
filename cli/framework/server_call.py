"""How a command asks a server: connect, ask, and end cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import Orders

Answer = TypeVar("Answer")


def ask(session: Session, question: Callable[[Orders], Awaitable[Answer]]) -> Answer:
    """The answer of `question`, which is given a connection to the session's Temporal."""

    async def asked() -> Answer:
        return await question(await session.orders())

    return asyncio.run(asked())
