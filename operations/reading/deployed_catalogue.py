"""The catalogue that the workers of a deployment have in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from temporalio.client import Client

from operations.errors import NotFound, server_call
from operations.temporal.connection import server_address
from workflows.contract.catalogue_messages import (
    MEMO_CATALOGUE,
    REPORT_EXPIRY,
    DeployedCatalogueView,
    WorkerCatalogue,
    catalogue_workflow_id,
)


async def read_worker_catalogues(client: Client, task_queue: str) -> Sequence[WorkerCatalogue]:
    """The last report of each live worker, the newest first. Needs no worker."""
    handle = client.get_workflow_handle(catalogue_workflow_id(task_queue))
    try:
        async with server_call(f"Catalogue of {task_queue}", server_address(client)):
            memo = await (await handle.describe()).memo()
    except NotFound:
        return []
    view = DeployedCatalogueView.model_validate(memo.get(MEMO_CATALOGUE, {}))
    alive = datetime.now(UTC) - REPORT_EXPIRY
    return [worker for worker in view.workers if worker.reported_at > alive]
