"""The store of a deployment: the last good catalogue of all workers, and versions while orders use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from catalogue_store import store as store_module
from catalogue_store.store import CatalogueStore
from compiler.incremental_loader import CatalogueLoader
from compiler.load_catalogue import load_and_pack_catalogue, unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue
from tests.support.system_switches import until
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

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Deployment:
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


@pytest.fixture
async def deployment(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Deployment]:
    made = Deployment(temporal.client, tmp_path)
    async with Worker(
        temporal.client,
        task_queue=made.task_queue,
        workflows=[DeployedCatalogue, CatalogueContent],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,
    ):
        yield made


async def test_last_good_catalogue_is_read_from_the_store(deployment: Deployment) -> None:
    assert await deployment.store.read_last_good() is None
    stored = await deployment.put_in_force("first", NOON)
    await deployment.until_in_force(stored)
    last_good = await deployment.store.read_last_good()
    assert last_good is not None
    assert set(unpack_catalogue(last_good.packed).products) == {"first"}
    assert set(unpack_catalogue(last_good.packed).systems) == {"crm"}


async def test_last_good_catalogue_is_the_one_put_in_force_last_by_any_worker(deployment: Deployment) -> None:
    first = await deployment.put_in_force("first", NOON)
    second = await deployment.put_in_force("second", NOON + timedelta(minutes=1), worker="b")
    await deployment.report(first, "a")  # a worker repeats its report every minute
    await deployment.report(first, "c")
    await deployment.until_in_force(second)


async def test_lost_content_is_no_catalogue(deployment: Deployment) -> None:
    stored = await deployment.put_in_force("first", NOON)
    await deployment.until_in_force(stored)
    lost = stored.model_copy(
        update={
            "definitions": stored.definitions.model_copy(update={"digest": "0" * 64}),
            "since": NOON + timedelta(minutes=1),
        }
    )
    await deployment.report(lost, "a")
    await deployment.until_in_force(lost)
    assert await deployment.store.read_last_good() is None
    assert not await deployment.store.is_kept(lost)


async def test_version_is_kept_while_an_order_uses_it(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "KEEP_UNUSED", timedelta(0))
    used = await deployment.put_in_force("used", NOON)
    unused = await deployment.put_in_force("unused", NOON + timedelta(minutes=1))
    order_id = await deployment.start_order(used.version)
    in_force = await deployment.put_in_force("in_force", NOON + timedelta(minutes=2))
    await deployment.until_in_force(in_force)
    await deployment.until_found(f"WorkflowId = '{order_workflow_id(order_id)}'")

    async def released(stored: StoredCatalogue) -> bool:
        await deployment.store.release_unused()
        return not await deployment.store.is_kept(stored)

    await until(lambda: released(unused))
    assert await deployment.store.is_kept(used)
    assert await deployment.store.is_kept(in_force)
    await deployment.client.get_workflow_handle(order_workflow_id(order_id)).terminate()
    await until(lambda: released(used))
    assert await deployment.store.is_kept(in_force)


async def test_version_that_is_just_out_of_force_is_kept(deployment: Deployment) -> None:
    former = await deployment.put_in_force("former", datetime.now(UTC))
    in_force = await deployment.put_in_force("in_force", datetime.now(UTC))
    await deployment.until_in_force(in_force)
    await deployment.store.release_unused()
    assert await deployment.store.is_kept(former)
