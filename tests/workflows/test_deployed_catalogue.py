"""The catalogue of a deployment on real servers: whose reports it keeps, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from operations.client import OrderClient
from operations.reading.deployed_catalogue import read_worker_catalogues
from tests.support.servers.temporal import real_time
from tests.support.workers.deployment import until
from workflows import deployed_catalogue
from workflows.contract.catalogue_messages import (
    CATALOGUE_WORKFLOW_TYPE,
    SIGNAL_REPORT,
    SIGNAL_WITHDRAW,
    CatalogueReport,
    RefusedEdit,
    catalogue_workflow_id,
)
from workflows.deployed_catalogue import DeployedCatalogue

REFUSED = RefusedEdit(since=datetime(2026, 1, 1, tzinfo=UTC), findings=["x.yaml:1:1: wrong"], more=2)


class Deployment:
    def __init__(self, client: Client) -> None:
        self.client, self.task_queue = client, f"catalogue-{uuid4().hex[:8]}"

    async def report(self, worker: str, version: str = "v1", refused: RefusedEdit | None = None) -> None:
        report = CatalogueReport(
            worker=worker, definitions="/definitions", version=version, since=datetime.now(UTC), refused=refused
        )
        await self.client.start_workflow(
            CATALOGUE_WORKFLOW_TYPE,
            id=catalogue_workflow_id(self.task_queue),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=SIGNAL_REPORT,
            start_signal_args=[report],
        )

    async def withdraw(self, worker: str) -> None:
        handle = self.client.get_workflow_handle(catalogue_workflow_id(self.task_queue))
        await handle.signal(SIGNAL_WITHDRAW, worker)

    async def versions(self) -> dict[str, str]:
        return {each.worker: each.version for each in await read_worker_catalogues(self.client, self.task_queue)}

    async def until_versions(self, expected: dict[str, str]) -> None:
        async def reached() -> bool:
            return list((await self.versions()).items()) == list(expected.items())

        await until(reached)


@asynccontextmanager
async def running(client: Client) -> AsyncIterator[Deployment]:
    deployment = Deployment(client)
    async with Worker(
        client,
        task_queue=deployment.task_queue,
        workflows=[DeployedCatalogue],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,  # replayed at each task
    ):
        yield deployment


@pytest.fixture
async def deployment(temporal: WorkflowEnvironment) -> AsyncIterator[Deployment]:
    async with running(temporal.client) as made:
        yield made


async def test_last_report_of_each_worker_is_kept_newest_first(deployment: Deployment) -> None:
    await deployment.report("a", "v1")
    await deployment.report("b", "v1")
    await deployment.report("a", "v2", REFUSED)
    await deployment.until_versions({"a": "v2", "b": "v1"})
    newest, other = await read_worker_catalogues(deployment.client, deployment.task_queue)
    assert newest.refused == REFUSED
    assert other.refused is None


async def test_worker_that_withdraws_is_forgotten(deployment: Deployment) -> None:
    await deployment.report("a")
    await deployment.report("b")
    await deployment.withdraw("b")
    await deployment.until_versions({"a": "v1"})


async def test_dead_worker_is_forgotten_at_the_next_report(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deployment.report("dead")
    await deployment.until_versions({"dead": "v1"})
    monkeypatch.setattr(deployed_catalogue, "REPORT_EXPIRY", timedelta(0))
    await deployment.report("alive")
    await deployment.until_versions({"alive": "v1"})


async def test_reports_are_bounded(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed_catalogue, "MAX_WORKERS", 2)
    for worker in "abc":
        await deployment.report(worker)
    await deployment.until_versions({"c": "v1", "b": "v1"})


async def test_deployment_without_workers_has_no_catalogue(temporal: WorkflowEnvironment) -> None:
    assert await read_worker_catalogues(temporal.client, "nobody") == []


async def test_list_of_orders_does_not_show_it(deployment: Deployment) -> None:
    await deployment.report("a")
    await deployment.until_versions({"a": "v1"})
    workflow_id = catalogue_workflow_id(deployment.task_queue)

    async def visible() -> bool:
        return (await deployment.client.count_workflows(f"WorkflowId = '{workflow_id}'")).count == 1

    await until(visible)
    orders = await OrderClient(deployment.client, deployment.task_queue).list_orders()
    assert not [order for order in orders.orders if order.workflow_id.startswith("catalogue/")]


async def test_it_continues_as_new_and_keeps_the_reports() -> None:
    async with (
        real_time(limit__historyCount__suggestContinueAsNew="20") as environment,
        running(environment.client) as deployment,
    ):
        await deployment.report("a")
        handle = deployment.client.get_workflow_handle(catalogue_workflow_id(deployment.task_queue))
        first_run = (await handle.describe()).run_id

        async def continued() -> bool:
            await deployment.report("b")
            return (await handle.describe()).run_id != first_run

        await until(continued)
        await deployment.report("c")
        await deployment.until_versions({"c": "v1", "b": "v1", "a": "v1"})
