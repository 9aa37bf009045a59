from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.temporal.connection import ConnectionSettings, server_address
from tests.support.gateway.process import NOWHERE, gateway_over
from tests.support.servers.desk_system import Desk
from tests.support.workers.gateway_worker import WorkerProcess

QUEUE = "gateway-tests"


@pytest.fixture(scope="session")
async def cut_off() -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose Temporal cannot be reached."""
    async with gateway_over(await OrderClient.connect(ConnectionSettings(NOWHERE), lazy=True)) as http:
        yield http


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture(scope="session")
async def orders(
    temporal: WorkflowEnvironment, desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OrderClient]:
    """Orders with a running worker."""
    log = tmp_path_factory.mktemp("worker") / "log"
    worker = WorkerProcess(server_address(temporal.client), QUEUE, desk.url, log)
    try:
        await worker.ready()
        yield OrderClient(temporal.client, QUEUE)
    finally:
        worker.close()


@pytest.fixture(scope="session")
async def http(orders: OrderClient) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway with a running worker."""
    async with gateway_over(orders) as client:
        yield client


@pytest.fixture(scope="session")
async def idle(temporal: WorkflowEnvironment) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway without a worker."""
    async with gateway_over(OrderClient(temporal.client, "gateway-tests-idle")) as client:
        yield client
