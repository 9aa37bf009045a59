"""Heartbeats: they show the server that an attempt is alive, and the server answers them with cancellations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from temporalio import activity


@contextmanager
def heartbeats(details: Any) -> Iterator[None]:
    """Sends a heartbeat every third of the heartbeat timeout while the block runs. The next attempt gets `details`."""
    info = activity.info()
    if not info.heartbeat_timeout or info.is_local:
        yield
        return
    loop, pause = asyncio.get_running_loop(), info.heartbeat_timeout.total_seconds() / 3
    timers: list[asyncio.TimerHandle] = []

    def beat() -> None:
        activity.heartbeat(details)
        timers[:] = [loop.call_later(pause, beat)]

    timers.append(loop.call_later(pause, beat))
    try:
        yield
    finally:
        timers[0].cancel()
