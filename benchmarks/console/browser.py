"""A console with orders of different sizes, and a browser that is signed in to it. Counts what the console transfers.

Needs playwright and a chromium (CHROMIUM names it; default: /usr/bin/chromium).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.environment import BenchmarkEnvironment, ChildProcess, benchmark_environment, stopped_at_exit
from benchmarks.orders import STEPS_PER_SITE, site_order
from benchmarks.reporting import print_line
from ledger.database import open_ledger
from ledger.migrations.schema_version import upgrade
from operations.access.account_changes import add_account
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.ledger.databases import sqlite_url

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, StorageState, ViewportSize

SIZES = (500, 2_000, 10_000)
SMALL_ORDERS = 60
"""So many more orders of one site: lists have a whole page."""
QUEUE = "benchmark-console"
QUIET_SECONDS = 3.0
CHROMIUM = "/usr/bin/chromium"
CHUNK = 65_536
WINDOW: ViewportSize = {"width": 1280, "height": 800}


def order_id(steps: int) -> str:
    return f"N-{steps}"


@dataclass
class BenchmarkConsole:
    browser: Browser
    token: str
    connection: CountedConnection

    @asynccontextmanager
    async def page(self, session: StorageState | None = None) -> AsyncIterator[Page]:
        """Of a browser that has nothing stored but this session. None: it signs in first."""
        options: dict[str, Any] = {"storage_state": session} if session else {}
        context = await self.browser.new_context(viewport=WINDOW, base_url=self.connection.base_url, **options)
        try:
            page = await context.new_page()
            if session is None:
                await page.goto(f"/sign-in#token={self.token}")
                await page.wait_for_url(lambda address: "/sign-in" not in address)
            yield page
        finally:
            await context.close()


class CountedConnection:
    """Passes on to the console what a browser sends, and counts the bytes of all answers."""

    def __init__(self, console_url: str) -> None:
        self._console = urlsplit(console_url)
        self.base_url = ""
        self.received = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[CountedConnection]:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self.base_url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        console_reader, console_writer = await asyncio.open_connection(self._console.hostname, self._console.port)
        with suppress(ConnectionError):
            await asyncio.gather(self._copy(reader, console_writer), self._copy(console_reader, writer, is_answer=True))

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK):
                writer.write(chunk)
                await writer.drain()
                if is_answer:
                    self.received += len(chunk)
        writer.close()


@asynccontextmanager
async def benchmark_console() -> AsyncIterator[BenchmarkConsole]:
    """With a ledger, as `up` has one. The orders have come to rest."""
    from playwright.async_api import async_playwright

    executable = os.environ.get("CHROMIUM", CHROMIUM)
    flags = ["--no-sandbox", "--disable-background-networking"]
    async with benchmark_environment() as bench, async_playwright() as playwright:
        url = sqlite_url(bench.data_folder)
        engine = open_ledger(url, create=True)
        upgrade(engine)
        engine.dispose()
        ledger_url = url.render_as_string()
        definitions = bench.copy_definitions("sites.yaml", "twelve_steps.yaml")
        with stopped_at_exit(bench.start_worker(QUEUE, definitions, ledger_url=ledger_url)):
            orders = OrderClient(bench.client, QUEUE)
            for number in range(SMALL_ORDERS):
                await orders.submit(site_order(f"SMALL-{number}", 1), decision_timeout=120)
            for steps in SIZES:
                await _submit(orders, steps)
            browser = await playwright.chromium.launch(executable_path=executable, args=flags)
            with _console(bench, ledger_url) as (console_url, token):
                async with CountedConnection(console_url).listening() as connection:
                    yield BenchmarkConsole(browser, token, connection)
                    await browser.close()


async def _submit(orders: OrderClient, steps: int) -> None:
    """Returns once no step of the order goes on by itself."""
    id_ = order_id(steps)
    await orders.submit(site_order(id_, round(steps / STEPS_PER_SITE)), decision_timeout=120)
    before: dict[str, int] = {}
    while True:
        await asyncio.sleep(QUIET_SECONDS)
        counts = (await orders.read(id_, steps=False)).order.steps_by_state
        if counts and counts == before:
            named = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in sorted(counts.items()))
            print_line(f"  {id_}: {named}")
            return
        before = counts


@contextmanager
def _console(bench: BenchmarkEnvironment, ledger_url: str) -> Iterator[tuple[str, str]]:
    """Its address, and the token of an account."""
    accounts = bench.data_folder / "accounts.yaml"
    accounts.write_text("accounts: {}\n")
    token = _new_account(accounts)
    command = [sys.executable, "-m", "console", "--port", "0", "--address", bench.address, "--task-queue", QUEUE]
    variables = {"ORDO_ACCOUNTS_FILE": str(accounts), "ORDO_LEDGER_URL": ledger_url}
    console = ChildProcess(command, variables, bench.data_folder / "console.log", "console ready")
    with stopped_at_exit(console):
        yield _address(console.find_log_line("console ready")), token


def _new_account(accounts: Path) -> str:
    with changing_accounts(accounts) as change:
        issued = add_account(change.accounts, "benchmark", [Role.ADMIN], [], datetime.now(UTC))
        change.save(issued.accounts)
    return issued.token


def _address(line: str) -> str:
    start = line.index("http://127.0.0.1:")
    return line[start:].split('"')[0].split()[0]
