"""Tells the person who runs `up` what becomes of their edits to the definitions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from operations.client import OrderClient
from operations.errors import OperationError
from stack.supervisor import PrintLine
from views.infrastructure.deployed_catalogue import refused_findings, short_version
from workflows.contract.catalogue_messages import WorkerCatalogue

POLL_INTERVAL = 1.0


async def watch_catalogue(orders: OrderClient, print_line: PrintLine) -> None:
    """Prints a line for each edit that is put in force or refused, until cancelled."""
    before: dict[str, WorkerCatalogue] = {}
    while True:
        try:
            workers = await orders.read_worker_catalogues()
        except OperationError:  # the server restarts, which the supervisor reports
            workers = []
        for line in _changes(before, workers):
            print_line(line)
        before |= {worker.definitions: worker for worker in reversed(workers)}
        await asyncio.sleep(POLL_INTERVAL)


def _changes(before: dict[str, WorkerCatalogue], workers: Sequence[WorkerCatalogue]) -> Iterator[str]:
    """`before` is by folder, because workers of the same folder reload it together."""
    for folder, worker in {worker.definitions: worker for worker in reversed(workers)}.items():
        known, version = before.get(folder), short_version(worker.version)
        published, former = _published(worker), _published(known)
        if published is not None:
            if published != former:
                yield f"Version {published} is published and in force: catalogue version {version}."
                yield f"Edits of {folder} have no effect until they are published, or until `unpublish`."
            continue
        if former is not None:
            yield f"Nothing is published any more: {folder} is watched. Catalogue version {version} is in force."
        if worker.refused is not None:
            if known is None or known.refused != worker.refused:
                yield f"The edit of {folder} is refused; catalogue version {version} stays in force:"
                yield from refused_findings(worker.refused)
        elif known is not None and known.refused is not None:
            yield f"The edit of {folder} is good again; catalogue version {version} is in force."
        elif former is None and known is not None and known.version != worker.version:
            yield f"The edit of {folder} is in force: catalogue version {version}."


def _published(worker: WorkerCatalogue | None) -> int | None:
    """The number of the published version that the worker has in force."""
    return worker.publications.number if worker is not None and worker.publications is not None else None
