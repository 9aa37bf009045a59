"""One page stays open while worker, Temporal, ledger and console are killed, one after the other, and come back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from operations.access.roles import Role
from operations.client import OrderClient
from operations.errors import NoWorker, ServerUnreachable
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings
from stack.options import Ports, free_port
from stack.temporal_server import server_command
from tests.browser.conftest import CATALOGUE, OpenBrowser, Problems
from tests.browser.mendable_system import MendableSystem
from tests.browser.restarted_console import RestartedConsole
from tests.support.console.orders import step_in, submit
from tests.support.ledger.databases import sqlite_url
from tests.support.workers.gateway_worker import WorkerProcess, eventually
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction
from workflows.contract.states import StepState

if TYPE_CHECKING:
    from playwright.async_api import Page

QUEUE = "outages"


@dataclass
class Parts:
    """Everything that orders depend on, as processes."""

    folder: Path
    ledger: Path
    system: MendableSystem

    def __post_init__(self) -> None:
        self.ports = Ports(free_port(), free_port(), free_port(), free_port())
        self.address = f"127.0.0.1:{self.ports.temporal}"
        self.ledger_url = f"sqlite:///{self.ledger}"
        self.console = RestartedConsole(self.folder, self.address, QUEUE, ORDO_LEDGER_URL=self.ledger_url)
        self._server: subprocess.Popen[bytes] | None = None
        self._worker: WorkerProcess | None = None
        self._workers = 0

    def start_server(self) -> None:
        self._server = subprocess.Popen(
            server_command(self.ports, self.folder / "temporal.sqlite"), stdout=subprocess.DEVNULL
        )

    def kill_server(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()

    async def start_worker(self) -> None:
        self._workers += 1
        log = self.folder / f"worker-{self._workers}.log"
        url = self.ledger_url
        self._worker = WorkerProcess(self.address, QUEUE, self.system.url, log, CATALOGUE, ORDO_LEDGER_URL=url)
        await self._worker.ready()

    def kill_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()


@pytest.fixture
async def parts(sqlite_template: Path, system: MendableSystem, tmp_path: Path) -> AsyncIterator[Parts]:
    ledger = Path(str(sqlite_url(tmp_path).database))
    shutil.copyfile(sqlite_template, ledger)
    parts = Parts(tmp_path, ledger, system)
    async with AsyncExitStack() as stack:
        for end in (parts.kill_server, parts.kill_worker, parts.console.kill):
            stack.callback(end)
        parts.start_server()
        await parts.start_worker()
        await parts.console.start()
        yield parts


async def test_a_page_keeps_up_while_everything_is_killed_and_comes_back(
    parts: Parts, open_browser: OpenBrowser, problems: Problems
) -> None:
    problems.expect("ERR_|50[0-9]")
    ledger = LedgerAccess({"ORDO_LEDGER_URL": parts.ledger_url})
    orders = await OrderClient.connect(ConnectionSettings(parts.address, task_queue=QUEUE), lazy=True)
    orders = OrderClient(orders.client, QUEUE, ledger)
    order_id = await submit(orders, "survey")
    await step_in(orders, order_id, StepState.IN_PROGRESS)
    context = await open_browser(parts.console.new_token("ann", Role.OPERATOR), url=parts.console.url)
    page = await context.new_page()
    await page.goto(f"/orders/{order_id}/steps/1")
    await page.locator("#step-state", has_text="in progress").wait_for()
    await page.evaluate("document.body.dataset.loaded = 'once'")

    await claim_and_see(orders, page, order_id, "before")
    parts.kill_worker()
    await parts.start_worker()
    await claim_and_see(orders, page, order_id, "after-worker")

    parts.kill_server()
    parts.start_server()
    await claim_and_see(orders, page, order_id, "after-server")

    away = parts.ledger.with_suffix(".away")
    os.rename(parts.ledger, away)
    await claim_and_see(orders, page, order_id, "without-ledger")
    os.rename(away, parts.ledger)
    await claim_and_see(orders, page, order_id, "after-ledger")

    parts.console.kill()
    await page.locator("#connection", has_text="Connection lost at").wait_for()
    await parts.console.start()
    await page.locator("#connection").wait_for(state="hidden")
    await claim_and_see(orders, page, order_id, "after-console")
    await page.locator("body[data-loaded=once]").wait_for()
    ledger.close()


async def claim_and_see(orders: OrderClient, page: Page, order_id: str, by: str) -> None:
    """Somebody claims the task, and the open page shows it."""
    request = StepAction(step="1", actor=Actor(by=by), take_over=True)
    await eventually(lambda: is_done(orders, order_id, request), bool)
    await page.locator("[data-live-region=facts] dd", has_text=by).wait_for(timeout=40_000)


async def is_done(orders: OrderClient, order_id: str, request: StepAction) -> bool:
    """False while the server or the worker is not back yet."""
    try:
        await orders.perform_action(order_id, actions.CLAIM, request)
    except (NoWorker, ServerUnreachable):
        return False
    return True
