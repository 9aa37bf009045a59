"""Runs an operation of a command against Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient

Result = TypeVar("Result")


def call_server(session: Session, operation: Callable[[OrderClient], Awaitable[Result]]) -> Result:
    """Connects to the session's Temporal, and returns the result of `operation`."""

    return _call(session, operation, lazy=False)


def call_ledger(session: Session, operation: Callable[[OrderClient], Awaitable[Result]]) -> Result:
    """As `call_server`, for what only the ledger answers: Temporal may be away."""
    return _call(session, operation, lazy=True)


def _call(session: Session, operation: Callable[[OrderClient], Awaitable[Result]], *, lazy: bool) -> Result:
    async def run() -> Result:
        return await operation(await session.connect(lazy=lazy))

    return asyncio.run(run())
