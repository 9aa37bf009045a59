"""The store of a deployment: the last good catalogue of all workers, and versions while orders use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from catalogue_store import store as store_module
from compiler.load_catalogue import unpack_catalogue
from tests.support.workers.catalogue_deployment import CatalogueDeployment, catalogue_deployment
from tests.support.workers.deployment import until
from workflows.contract.catalogue_messages import StoredCatalogue
from workflows.contract.order_messages import order_workflow_id

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def deployment(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[CatalogueDeployment]:
    async with catalogue_deployment(temporal.client, tmp_path) as made:
        yield made


async def test_last_good_catalogue_is_read_from_the_store(deployment: CatalogueDeployment) -> None:
    assert await deployment.store.read_last_good() is None
    stored = await deployment.put_in_force("first", NOON)
    await deployment.until_in_force(stored)
    last_good = await deployment.store.read_last_good()
    assert last_good is not None
    assert set(unpack_catalogue(last_good.packed).products) == {"first"}
    assert set(unpack_catalogue(last_good.packed).systems) == {"crm"}


async def test_last_good_catalogue_is_the_one_put_in_force_last_by_any_worker(deployment: CatalogueDeployment) -> None:
    first = await deployment.put_in_force("first", NOON)
    second = await deployment.put_in_force("second", NOON + timedelta(minutes=1), worker="b")
    await deployment.report(first, "a")  # a worker repeats its report every minute
    await deployment.report(first, "c")
    await deployment.until_in_force(second)


async def test_lost_content_is_no_catalogue(deployment: CatalogueDeployment) -> None:
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


async def test_version_is_kept_while_an_order_uses_it(
    deployment: CatalogueDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
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


async def test_version_that_is_just_out_of_force_is_kept(deployment: CatalogueDeployment) -> None:
    former = await deployment.put_in_force("former", datetime.now(UTC))
    in_force = await deployment.put_in_force("in_force", datetime.now(UTC))
    await deployment.until_in_force(in_force)
    await deployment.store.release_unused()
    assert await deployment.store.is_kept(former)
