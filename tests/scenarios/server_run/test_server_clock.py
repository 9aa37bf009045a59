"""The clock asks the server anew if the server misses the end of a fast-forward."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from scenarios.server_run import server_clock
from scenarios.server_run.server_clock import AHEAD, ServerClock


class ForgetfulServer:
    """Misses the end of the first fast-forwards."""

    def __init__(self, missed: int) -> None:
        self._missed = missed
        self.asked: list[float] = []

    async def fast_forward(self, _workflow: Any, duration: timedelta) -> bool:
        self.asked.append(duration.total_seconds())
        if len(self.asked) <= self._missed:
            await asyncio.Event().wait()
        return True


def clock_of(server: ForgetfulServer) -> ServerClock:
    return ServerClock(cast("WorkflowHandle[Any, Any]", None), cast(TimeSkipper, server), 0.0)


async def test_asks_anew_with_a_moment_that_is_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_clock, "MAX_REAL_SECONDS", 0.02)
    server = ForgetfulServer(missed=2)
    await clock_of(server).pass_to(600.0)
    assert server.asked == [600.0 + AHEAD, AHEAD, AHEAD]


async def test_asks_once_if_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_clock, "MAX_REAL_SECONDS", 5.0)
    server = ForgetfulServer(missed=0)
    assert await clock_of(server).come_close_to(600.0)
    assert server.asked == [pytest.approx(600.0 - server_clock.LEEWAY, abs=1.0)]
