"""A console over a real Temporal server, a worker process and a ledger, for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, server_address
from tests.support.console.site import ConsoleSite, console_over, site_settings
from tests.support.gateway.process import NOWHERE
from tests.support.ledger.databases import sqlite_url
from tests.support.servers.desk_system import Desk
from tests.support.workers.gateway_worker import CATALOGUE, WorkerProcess

QUEUE = "console-tests"
CONSOLE_URL = "https://console.invalid"
"""Where the worker believes the console to be."""


@pytest.fixture(scope="session")
def desk() -> Iterator[Desk]:
    """The system that the orders of the tests call."""
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture(scope="session")
async def orders(
    temporal: WorkflowEnvironment, desk: Desk, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OrderClient]:
    """Orders with a running worker, which writes to a ledger. Their catalogue is that of tests/gateway/catalogue."""
    folder = tmp_path_factory.mktemp("console")
    url = sqlite_url(folder)
    shutil.copyfile(sqlite_template, str(url.database))
    ledger_url = url.render_as_string(hide_password=False)
    settings = {"ORDO_LEDGER_URL": ledger_url, "ORDO_CONSOLE_URL": CONSOLE_URL}
    worker = WorkerProcess(
        server_address(temporal.client), QUEUE, desk.url, folder / "worker.log", CATALOGUE, **settings
    )
    ledger = LedgerAccess({"ORDO_LEDGER_URL": ledger_url})
    try:
        await worker.ready()
        yield OrderClient(temporal.client, QUEUE, ledger)
    finally:
        worker.close()
        ledger.close()


@pytest.fixture(scope="session")
async def site(orders: OrderClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    """The console. `await site.visitor(Role.VIEWER)` is somebody who is signed in."""
    async with console_over(orders, site_settings(tmp_path_factory.mktemp("console-site"))) as site:
        yield site


@pytest.fixture(scope="session")
async def cut_off(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    """A console whose Temporal cannot be reached, and that has no ledger."""
    orders = await OrderClient.connect(ConnectionSettings(NOWHERE), lazy=True)
    async with console_over(orders, site_settings(tmp_path_factory.mktemp("console-cut-off"))) as site:
        yield site
