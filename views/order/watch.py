"""Follows an order until it ends: a live picture in a terminal, lines in a pipe."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from operations.errors import NoWorker, ServerUnreachable, TimedOut
from views.order.progress_lines import ChangeTracker
from views.order.progress_picture import OrderProgress
from workflows.contract.states import ENDED_ORDER_STATES

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.reading.order_details import OrderDetails

MIN_POLL_INTERVAL = 0.2
POLL_BACKOFF_FACTOR = 5
"""The pause between two readings, as a multiple of what the last one took."""
NO_WORKER_NOTE = "No worker answers now; the order is kept, and goes on when one does."
NO_SERVER_NOTE = "Temporal does not answer now; trying again."


async def follow(orders: OrderClient, order_id: str, console: Console, time_limit: float | None = None) -> OrderDetails:
    """Shows the order's progress on `console` until it ends, and returns it as it ended.

    Raises NotFound, TimedOut after `time_limit` seconds, and ServerUnreachable where the first reading fails; a server
    that goes away later is waited for.
    """
    first = await orders.read(order_id)
    display: _LiveDisplay | _LineDisplay = _LiveDisplay(console) if console.is_terminal else _LineDisplay(console)
    with display:
        try:
            return await asyncio.wait_for(_poll_until_ended(orders, order_id, first, display), time_limit)
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {time_limit:g} s; it continues") from error


async def _poll_until_ended(
    orders: OrderClient, order_id: str, latest: OrderDetails, display: _LiveDisplay | _LineDisplay
) -> OrderDetails:
    note, took = _reading_note(latest), 0.0
    while True:
        display.show(latest, note)
        if latest.order.state in ENDED_ORDER_STATES:
            return latest
        await asyncio.sleep(max(MIN_POLL_INTERVAL, took * POLL_BACKOFF_FACTOR))
        began = time.monotonic()
        try:
            reading = await orders.read(order_id)
            latest, note = _merge_reading(latest, reading), _reading_note(reading)
        except NoWorker:
            note = NO_WORKER_NOTE
        except ServerUnreachable:
            note = NO_SERVER_NOTE
        took = time.monotonic() - began


def _merge_reading(latest: OrderDetails, reading: OrderDetails) -> OrderDetails:
    """Without a worker's answer, the steps stay as they were last read."""
    if reading.source == "worker" or not latest.steps:
        return reading
    ended = reading.order.state in ENDED_ORDER_STATES
    return replace(latest, order=reading.order if ended else latest.order)


def _reading_note(reading: OrderDetails) -> str | None:
    return NO_WORKER_NOTE if reading.source == "record" else None


class _LiveDisplay:
    """Redraws the picture in place; the last one stays."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> _LiveDisplay:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, reading: OrderDetails, note: str | None) -> None:
        self._live.update(OrderProgress(reading.order, reading.steps, note=note), refresh=True)


class _LineDisplay:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._tracker = ChangeTracker()
        self._note: str | None = None

    def __enter__(self) -> _LineDisplay:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def show(self, reading: OrderDetails, note: str | None) -> None:
        if note and note != self._note:
            self._print(note)
        self._note = note
        if reading.source == "worker" or reading.order.state in ENDED_ORDER_STATES:
            for line in self._tracker.changed_lines(reading.order, reading.steps):
                self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
