"""What the workers of a task queue say of a version: whether they can use it, and whether they have taken it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from operations.reading.deployed_catalogue import read_worker_catalogues
from workflows.contract.catalogue_messages import REPORT_INTERVAL, WorkerCatalogue

POLL_INTERVAL = 0.25
SILENT_AFTER = REPORT_INTERVAL + timedelta(seconds=20)
"""A worker whose last report is older is probably dead: nobody waits for it."""
PATIENCE = 10.0
"""Seconds, at least, to wait for the other workers once one has answered. They look every second."""
EARLIER_RELEASE = "it runs an earlier release, which takes no published versions: replace it first"


@dataclass(frozen=True)
class WorkerAnswer:
    worker: str
    definitions: str
    """Its folder."""
    problems: tuple[str, ...] | None = None
    """Empty: it can use the version, or has taken it. None: it has not answered."""
    more: int = 0
    """Problems that are left out."""
    was_silent: bool = False
    """It did not answer before the version was published either: it has probably died."""

    @property
    def is_ready(self) -> bool:
        return self.problems == ()

    @property
    def refuses(self) -> bool:
        return bool(self.problems)


Ask = Callable[[WorkerCatalogue], tuple[tuple[str, ...], int] | None]
"""The problems that a worker reports, and how many it leaves out. None if it has not answered yet."""


async def wait_for_verdicts(client: Client, task_queue: str, candidate: str, timeout: float) -> list[WorkerAnswer]:  # noqa: ASYNC109
    """Whether each live worker can use the version that is about to be published. `timeout` is in seconds."""

    def verdict(worker: WorkerCatalogue) -> tuple[tuple[str, ...], int] | None:
        if worker.publications is None:
            return (EARLIER_RELEASE,), 0
        given = worker.publications.verdict
        return (tuple(given.problems), given.more) if given is not None and given.candidate == candidate else None

    return await _wait(client, task_queue, verdict, timeout)


async def wait_until_taken(
    client: Client,
    task_queue: str,
    number: int,
    silent: Collection[str],
    timeout: float,  # noqa: ASYNC109
) -> list[WorkerAnswer]:
    """Whether each live worker has the version in force. Nobody waits for those in `silent`."""

    def taken(worker: WorkerCatalogue) -> tuple[tuple[str, ...], int] | None:
        if (report := worker.publications) is None:
            return (EARLIER_RELEASE,), 0
        if report.refused is not None and report.refused.number >= number:
            return tuple(report.refused.problems), report.refused.more
        return ((), 0) if report.number is not None and report.number >= number else None

    return await _wait(client, task_queue, taken, timeout, silent)


async def wait_until_withdrawn(
    client: Client,
    task_queue: str,
    _number: int,
    silent: Collection[str],
    timeout: float,  # noqa: ASYNC109
) -> list[WorkerAnswer]:
    """Whether each live worker has its own files in force again, or says why it cannot."""

    def withdrawn(worker: WorkerCatalogue) -> tuple[tuple[str, ...], int] | None:
        if worker.publications is not None and (worker.publications.number or worker.publications.refused):
            return None
        refused = worker.refused
        return (tuple(refused.findings), refused.more) if refused is not None else ((), 0)

    return await _wait(client, task_queue, withdrawn, timeout, silent)


async def _wait(
    client: Client,
    task_queue: str,
    ask: Ask,
    timeout: float,  # noqa: ASYNC109
    silent: Collection[str] = (),
) -> list[WorkerAnswer]:
    began = time.monotonic()
    deadline = began + timeout
    has_answer = False
    while True:
        workers = await read_worker_catalogues(client, task_queue)
        alive = datetime.now(UTC) - SILENT_AFTER
        answers = [_answer(worker, ask(worker), silent) for worker in workers]
        missing = [
            answer
            for answer, worker in zip(answers, workers, strict=True)
            if answer.problems is None and not answer.was_silent and worker.reported_at > alive
        ]
        if not has_answer and any(answer.problems is not None for answer in answers):
            has_answer, elapsed = True, time.monotonic() - began
            deadline = min(deadline, began + elapsed + max(PATIENCE, 3 * elapsed))
        if not missing or time.monotonic() >= deadline:
            return sorted(answers, key=lambda answer: answer.worker)
        await asyncio.sleep(POLL_INTERVAL)


def _answer(
    worker: WorkerCatalogue, given: tuple[tuple[str, ...], int] | None, silent: Collection[str]
) -> WorkerAnswer:
    problems, more = given if given is not None else (None, 0)
    return WorkerAnswer(worker.worker, worker.definitions, problems, more, worker.worker in silent)
