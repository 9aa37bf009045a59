"""Follows a bulk job until it ends: a bar in a terminal, lines in a pipe."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from operations.errors import NoWorker, ServerUnreachable
from views.order.bulk_job import progress_text

if TYPE_CHECKING:
    from operations.bulk.job_reading import JobDetails
    from operations.client import OrderClient

INTERVAL = 1.0
POLL_BACKOFF_FACTOR = 5
"""The pause between two readings, as a multiple of what the last one took, if that is longer than INTERVAL."""
NO_ANSWER = "no answer now; trying again"


class Display(Protocol):
    def show(self, details: JobDetails, note: str) -> None: ...


async def follow_job(orders: OrderClient, job: str, console: Console | None) -> JobDetails:
    """Returns it once nothing more is done. `console` None: nothing is shown.

    Raises NotFound, and NoWorker and ServerUnreachable where the first reading fails; later, it waits for them.
    """
    details, note, took = await orders.read_bulk_job_details(job), "", 0.0
    with _display(console) as display:
        while True:
            display.show(details, note)
            if not details.is_open:
                return details
            await asyncio.sleep(max(INTERVAL, took * POLL_BACKOFF_FACTOR))
            began = time.monotonic()
            try:
                details, note = await orders.read_bulk_job_details(job), ""
            except (NoWorker, ServerUnreachable):
                note = NO_ANSWER
            took = time.monotonic() - began


def _display(console: Console | None) -> AbstractContextManager[Display]:
    if console is None:
        return nullcontext(_Silence())
    return _Bar(console) if console.is_terminal else nullcontext(_Lines(console))


class _Silence:
    def show(self, details: JobDetails, note: str) -> None:
        """Nothing."""


class _Lines:
    """Each change, once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = ""

    def show(self, details: JobDetails, note: str) -> None:
        line = _line(details, note).plain
        if line != self._shown:
            self._console.print(line)
        self._shown = line


class _Bar:
    """One that is removed at the end."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(BarColumn(), TextColumn("{task.fields[line]}"), console=console, transient=True)
        self._task = self._progress.add_task("", total=None, line=Text())

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, details: JobDetails, note: str) -> None:
        self._progress.update(
            self._task, total=details.progress.total, completed=details.tried, line=_line(details, note)
        )


def _line(details: JobDetails, note: str) -> Text:
    state = note or ("" if details.state == "running" else details.state)
    return Text.assemble(progress_text(details), f" ({state})" if state else "")
