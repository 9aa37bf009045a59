"""The console in a real browser: for `make test-browser`, which installs what drives it. No other target runs them.

Any error on the browser's console, any exception of a page's script, and any violation of the content security policy
fails the test in which it happens.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.access.roles import Role
from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import server_address
from tests.browser.mendable_system import MendableSystem
from tests.support.console.site import ConsoleSite, console_over, site_settings
from tests.support.ledger.databases import sqlite_url
from tests.support.workers.gateway_worker import WorkerProcess

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

WANTED, REQUIRED = "ORDO_BROWSER_TESTS", "ORDO_BROWSER_REQUIRED"
if not os.environ.get(WANTED):
    collect_ignore_glob = ["test_*.py"]

QUEUE = "browser-tests"
CATALOGUE = Path(__file__).parent / "catalogue"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
NO_CHROMIUM = "There is no Chromium on the PATH. On Debian and Ubuntu: apt-get install chromium"
TIMEOUT = 20_000
"""Milliseconds that a test waits for what it looks for."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        if os.environ.get(REQUIRED):
            pytest.fail(NO_CHROMIUM)
        pytest.skip(NO_CHROMIUM)
    return {"executable_path": path, "args": ["--no-sandbox", "--disable-background-networking"]}


@dataclass
class Problems:
    """What browsers report while a test runs."""

    found: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """The test causes messages like this."""
        self._expected.append(pattern)

    def watch(self, page: Page) -> None:
        page.on("console", self._take_message)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))

    def _take_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.location.get('url', '')}: {message.text}")

    @property
    def unexpected(self) -> list[str]:
        return [each for each in self.found if not any(re.search(pattern, each) for pattern in self._expected)]


@pytest.fixture
def problems() -> Iterator[Problems]:
    problems = Problems()
    yield problems
    assert problems.unexpected == []


OpenBrowser = Callable[..., Awaitable["BrowserContext"]]


@pytest.fixture
async def open_browser(browser: Browser, problems: Problems, site: ConsoleSite) -> AsyncIterator[OpenBrowser]:
    """`await open_browser(token)`: a browser of its own, signed in with the token, if there is one. `url`: of another
    console. Other keywords are those of Playwright's contexts."""
    opened: list[BrowserContext] = []

    async def open_one(token: str = "", *, url: str = "", **options: Any) -> BrowserContext:
        context = await browser.new_context(base_url=url or site.url, **options)
        opened.append(context)
        context.set_default_timeout(TIMEOUT)
        context.on("page", problems.watch)
        if token:
            page = await context.new_page()
            await page.goto(f"/sign-in#token={token}")
            await page.wait_for_url(lambda at: "/sign-in" not in at)
            await page.close()
        return context

    yield open_one
    for context in opened:
        await context.close()


@pytest.fixture
async def operator(open_browser: OpenBrowser, site: ConsoleSite) -> BrowserContext:
    """The browser of an operator."""
    return await open_browser(site.new_token(Role.OPERATOR))


@pytest.fixture
async def viewer(open_browser: OpenBrowser, site: ConsoleSite) -> BrowserContext:
    return await open_browser(site.new_token(Role.VIEWER))


@pytest.fixture(scope="session")
def system() -> Iterator[MendableSystem]:
    """That the orders of the tests call."""
    system = MendableSystem()
    yield system
    system.close()


@pytest.fixture
def broken(system: MendableSystem) -> Iterator[MendableSystem]:
    """The system, which refuses everything until the test mends it."""
    system.is_mended = False
    yield system
    system.is_mended = True


@pytest.fixture(scope="session")
def ledger_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    url = sqlite_url(tmp_path_factory.mktemp("browser-ledger"))
    shutil.copyfile(sqlite_template, str(url.database))
    return Path(str(url.database))


@pytest.fixture(scope="session")
async def orders(
    temporal: WorkflowEnvironment, system: MendableSystem, ledger_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OrderClient]:
    """Orders with a running worker, which writes to a ledger."""
    url = f"sqlite:///{ledger_file}"
    log = tmp_path_factory.mktemp("browser-worker") / "worker.log"
    worker = WorkerProcess(server_address(temporal.client), QUEUE, system.url, log, CATALOGUE, ORDO_LEDGER_URL=url)
    ledger = LedgerAccess({"ORDO_LEDGER_URL": url})
    try:
        await worker.ready()
        yield OrderClient(temporal.client, QUEUE, ledger)
    finally:
        worker.close()
        ledger.close()


@pytest.fixture(scope="session")
async def site(orders: OrderClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ConsoleSite]:
    async with console_over(orders, site_settings(tmp_path_factory.mktemp("browser-site"))) as site:
        yield site
