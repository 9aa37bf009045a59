"""Following an order through what may happen meanwhile; the orders are read from a list."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import cast

import pytest
from rich.console import Console

from operations.client import OrderClient
from operations.errors import NotFound, NoWorker, ServerUnreachable, TimedOut
from operations.reading.order_details import OrderDetails
from tests.support.order_views import order_view, step_view
from views.order import watch as following
from views.order.watch import NO_SERVER_NOTE, NO_WORKER_NOTE, follow
from workflows.contract.states import OrderState, StepState

RUNNING = OrderDetails(order_view(), (step_view(1, "w.s@1", StepState.IN_PROGRESS, waits_for="its call"),))
ENDED = OrderDetails(order_view(OrderState.COMPLETED), (step_view(1, "w.s@1", StepState.COMPLETED),))
Reading = OrderDetails | Exception


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MIN_POLL_INTERVAL", 0.001)


class Readings:
    """Stands for Orders; the last reading repeats."""

    def __init__(self, *readings: Reading) -> None:
        self._readings: Iterator[Reading] = iter(readings)
        self._last: Reading = readings[-1]

    async def read(self, _order_id: str) -> OrderDetails:
        reading = next(self._readings, self._last)
        if isinstance(reading, Exception):
            raise reading
        return reading


async def followed(*readings: Reading, terminal: bool = False, within: float | None = None) -> tuple[OrderDetails, str]:
    stream = io.StringIO()
    console = Console(file=stream, width=100, height=30, force_terminal=terminal)
    ended = await follow(cast(OrderClient, Readings(*readings)), "HS-1", console, within)
    return ended, stream.getvalue()


async def test_watch_returns_the_ended_order() -> None:
    ended, shown = await followed(RUNNING, RUNNING, ENDED)
    assert ended is ENDED
    assert shown.splitlines()[-1].split()[1:3] == ["HS-1", "completed"]


async def test_lost_server_or_worker_is_noted_once_and_waited_for() -> None:
    away = ServerUnreachable("localhost:1")
    ended, shown = await followed(RUNNING, away, away, NoWorker("Order HS-1"), RUNNING, ENDED)
    assert ended is ENDED
    assert shown.count(NO_SERVER_NOTE) == 1
    assert shown.count(NO_WORKER_NOTE) == 1


async def test_steps_stay_while_no_worker_answers() -> None:
    record = OrderDetails(order_view(OrderState.COMPLETED), (), "record")
    ended, _ = await followed(RUNNING, record)
    assert ended.order.state is OrderState.COMPLETED
    assert ended.steps == RUNNING.steps


async def test_last_picture_stays_in_a_terminal() -> None:
    _, shown = await followed(RUNNING, ENDED, terminal=True)
    assert "completed" in shown
    assert "1 of 1 step" in shown


async def test_unknown_order_is_reported_at_once() -> None:
    with pytest.raises(NotFound):
        await followed(NotFound("There is no order HS-1"))


async def test_server_unreachable_at_first_is_reported_at_once() -> None:
    with pytest.raises(ServerUnreachable):
        await followed(ServerUnreachable("localhost:1"))


async def test_time_limit_is_reported_and_the_order_continues() -> None:
    async with asyncio.timeout(30):
        with pytest.raises(TimedOut, match="it continues"):
            await followed(RUNNING, within=0.05)
