"""The store of a deployment's catalogues. Versions stay while orders use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from catalogue_store.content import ContentStore
from catalogue_store.open_orders import count_open_orders
from compiler.packed_catalogue import PackedCatalogue
from workflows.contract.catalogue_messages import (
    CONTENT_WORKFLOW_TYPE,
    MEMO_CATALOGUE,
    MEMO_VERSION,
    SIGNAL_RELEASE,
    DeployedCatalogueView,
    StoredCatalogue,
    catalogue_workflow_id,
    content_workflow_id,
)

KEEP_UNUSED = timedelta(hours=1)
"""Longer than it takes until an order that was compiled with a version is found by a search for it."""


@dataclass(frozen=True, slots=True)
class StoredPack:
    stored: StoredCatalogue
    packed: PackedCatalogue


class CatalogueStore:
    """Every method raises RPCError if Temporal does not answer."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._content = ContentStore(client, task_queue)

    async def write(self, packed: PackedCatalogue, since: datetime) -> StoredCatalogue:
        """Keeps the catalogue. It is in force for workers without one of their own once a report names it.

        Raises ContentTooLarge.
        """
        definitions = await self._content.write(packed.version, packed.definitions)
        environment = await self._content.write("", packed.environment)
        return StoredCatalogue(version=packed.version, since=since, definitions=definitions, environment=environment)

    async def is_kept(self, stored: StoredCatalogue) -> bool:
        """False, for instance, if somebody has terminated the workflows that keep it."""
        return await self._content.is_kept(stored.definitions) and await self._content.is_kept(stored.environment)

    async def read_view(self) -> DeployedCatalogueView:
        """Which catalogue is in force. Needs no worker."""
        handle = self._client.get_workflow_handle(catalogue_workflow_id(self._task_queue))
        try:
            memo = await (await handle.describe()).memo()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return DeployedCatalogueView()
        return DeployedCatalogueView.model_validate(memo.get(MEMO_CATALOGUE, {}))

    async def read_last_good(self) -> StoredPack | None:
        """The last good catalogue of all workers. None if there is none. Needs no worker."""
        stored = (await self.read_view()).stored
        if stored is None:
            return None
        definitions, environment = await asyncio.gather(
            self._content.read(stored.definitions), self._content.read(stored.environment)
        )
        if definitions is None or environment is None:
            return None
        return StoredPack(stored, PackedCatalogue(stored.version, definitions, environment))

    async def release_unused(self) -> None:
        """Ends the workflows of content that is not in force and that no open order was compiled with."""
        view = await self.read_view()
        if view.stored is None or datetime.now(UTC) - view.stored.since < KEEP_UNUSED:
            return
        needed = {
            content_workflow_id(self._task_queue, content.version, content.digest)
            for content in (view.stored.definitions, view.stored.environment)
        }
        versions = {worker.version for worker in view.workers}
        async for workflow_id, version in self._kept_content():
            if workflow_id in needed or (version and (version in versions or await self._is_used(version))):
                continue
            await self._client.get_workflow_handle(workflow_id).signal(SIGNAL_RELEASE)

    async def _kept_content(self) -> AsyncIterator[tuple[str, str]]:
        """The workflow id and version of each content, except what has just been written."""
        written_before = (datetime.now(UTC) - KEEP_UNUSED).isoformat(timespec="seconds").replace("+00:00", "Z")
        query = (
            f"WorkflowType = '{CONTENT_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' "
            f"AND StartTime < '{written_before}'"
        )
        prefix = f"{catalogue_workflow_id(self._task_queue)}/"
        async for found in self._client.list_workflows(query):
            if found.id.startswith(prefix):
                yield found.id, str(await found.memo_value(MEMO_VERSION, ""))

    async def _is_used(self, version: str) -> bool:
        return await count_open_orders(self._client, version) > 0
