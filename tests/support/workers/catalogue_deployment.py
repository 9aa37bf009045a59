"""Workers' reports of catalogues that they keep in Temporal, as the tests of the store and of its readers need them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from catalogue_store.store import CatalogueStore
from compiler.incremental_loader import CatalogueLoader
from compiler.load_catalogue import load_and_pack_catalogue
from compiler.packed_catalogue import PackedCatalogue
from tests.support.workers.deployment import until
from workflows.catalogue_content import CatalogueContent
from workflows.contract.catalogue_messages import (
    CATALOGUE_WORKFLOW_TYPE,
    SIGNAL_REPORT,
    CatalogueReport,
    StoredCatalogue,
    catalogue_workflow_id,
)
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, SearchAttributes, order_workflow_id
from workflows.deployed_catalogue import DeployedCatalogue


class CatalogueDeployment:
    def __init__(self, client: Client, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.task_queue = f"store-{uuid4().hex[:8]}"
        self.store = CatalogueStore(client, self.task_queue)

    def pack(self, name: str) -> PackedCatalogue:
        """Of a catalogue with a product of this name, and a system that is the same in all."""
        (self.folder / "offer.yaml").write_text(
            f"kind: commercial_product\nid: {name}\nsteps: {{a: {{milestone: true}}}}\n"
        )
        (self.folder / "system.yaml").write_text("kind: system\nid: crm\nbase_url: http://crm.example\n")
        return load_and_pack_catalogue(CatalogueLoader(self.folder))[1]

    async def put_in_force(self, name: str, since: datetime, worker: str = "a") -> StoredCatalogue:
        stored = await self.store.write(self.pack(name), since)
        await self.report(stored, worker)
        return stored

    async def report(self, stored: StoredCatalogue, worker: str) -> None:
        report = CatalogueReport(
            worker=worker, definitions="/definitions", version=stored.version, since=stored.since, stored=stored
        )
        await self.client.start_workflow(
            CATALOGUE_WORKFLOW_TYPE,
            id=catalogue_workflow_id(self.task_queue),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=SIGNAL_REPORT,
            start_signal_args=[report],
        )

    async def until_in_force(self, stored: StoredCatalogue) -> None:
        async def reached() -> bool:
            return (await self.store.read_view()).stored == stored

        await until(reached)

    async def start_order(self, version: str) -> str:
        """Nobody runs it, but it can be found by the version that it was compiled with."""
        order_id = f"{self.task_queue}-1"
        attribute = SearchAttributePair(SearchAttributeKey.for_keyword(SearchAttributes.CATALOGUE_VERSION), version)
        await self.client.start_workflow(
            ORDER_WORKFLOW_TYPE,
            id=order_workflow_id(order_id),
            task_queue=f"{self.task_queue}-nobody",
            search_attributes=TypedSearchAttributes([attribute]),
        )
        return order_id

    async def until_found(self, query: str) -> None:
        async def found() -> bool:
            return (await self.client.count_workflows(query)).count > 0

        await until(found)


@asynccontextmanager
async def catalogue_deployment(client: Client, folder: Path) -> AsyncIterator[CatalogueDeployment]:
    """With a worker that keeps what is reported and stored."""
    made = CatalogueDeployment(client, folder)
    async with Worker(
        client,
        task_queue=made.task_queue,
        workflows=[DeployedCatalogue, CatalogueContent],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,
    ):
        yield made
