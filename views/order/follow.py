"""Following an order until it ends: the picture in a terminal, lines in a pipe."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from operations.blockers.order_blockers import ENDED_ORDERS
from operations.errors import NoWorker, ServerUnreachable, TimedOut
from views.order.change_tracker import Changes
from views.order.progress import OrderPicture

if TYPE_CHECKING:
    from operations.client import Orders
    from operations.reading.read_order import OrderReading

SHORTEST_PAUSE = 0.2
SHARE = 5
"""A reading that takes long is repeated seldom: the pause is so many times what the reading took."""
SILENT = "No worker answers at the moment; the order is kept, and goes on when one does."
AWAY = "Temporal does not answer at the moment; trying again."


async def follow(orders: Orders, order_id: str, console: Console, within: float | None = None) -> OrderReading:
    """Shows the order's progress on `console` until it has ended, and returns it as it ended.

    Raises NotFound where there is no such order, TimedOut after `within` seconds, and ServerUnreachable where Temporal
    cannot be reached at first; one that goes away later is waited for.
    """
    first = await orders.read(order_id)
    display: _Screen | _Lines = _Screen(console) if console.is_terminal else _Lines(console)
    with display:
        try:
            return await asyncio.wait_for(_until_ended(orders, order_id, first, display), within)
        except TimeoutError as error:
            raise TimedOut(f"Order {order_id} has not ended within {within:g} s; it goes on") from error


async def _until_ended(orders: Orders, order_id: str, known: OrderReading, display: _Screen | _Lines) -> OrderReading:
    note, took = _note(known), 0.0
    while True:
        display.show(known, note)
        if known.order.state in ENDED_ORDERS:
            return known
        await asyncio.sleep(max(SHORTEST_PAUSE, took * SHARE))
        began = time.monotonic()
        try:
            reading = await orders.read(order_id)
            known, note = _joined(known, reading), _note(reading)
        except NoWorker:
            note = SILENT
        except ServerUnreachable:
            note = AWAY
        took = time.monotonic() - began


def _joined(known: OrderReading, reading: OrderReading) -> OrderReading:
    """What is known now: without a worker's answer, the steps as they were last seen."""
    if reading.source == "worker" or not known.steps:
        return reading
    ended = reading.order.state in ENDED_ORDERS
    return replace(known, order=reading.order if ended else known.order)


def _note(reading: OrderReading) -> str | None:
    return SILENT if reading.source == "record" else None


class _Screen:
    """Draws the picture over itself; the last one stays."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> _Screen:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, reading: OrderReading, note: str | None) -> None:
        self._live.update(OrderPicture(reading.order, reading.steps, note=note), refresh=True)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._changes = Changes()
        self._note: str | None = None

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def show(self, reading: OrderReading, note: str | None) -> None:
        if note and note != self._note:
            self._print(note)
        self._note = note
        if reading.source == "worker" or reading.order.state in ENDED_ORDERS:
            for line in self._changes.since_last(reading.order, reading.steps):
                self._print(line)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
