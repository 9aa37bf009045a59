"""Fixtures for everyone: servers of Temporal and PostgreSQL, started once for all tests that want one, and ledgers."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
import structlog
from sqlalchemy import URL, Engine
from temporalio.testing import WorkflowEnvironment

from compiler.source.garbage_collection import freeze_loaded_objects
from ledger.database import open_ledger
from tests.support.ledger.databases import BACKENDS, make_template, migrate, new_postgresql_ledger, sqlite_url
from tests.support.ledger.filled_ledgers import FilledLedger, fill, generate_orders
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.temporal import delete_abandoned, real_time, release_runtimes, skipping_time
from workflows.contract.order_changes import OrderChange

# Started in the background, as some CI does, a process ignores SIGINT, and so would all that tests start and end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing where several processes test.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


GC_THRESHOLDS = (20_000, 10, 10)


def pytest_collection_finish() -> None:
    """What is collected stays to the end, and much else for long: the garbage collector took a sixth of the time."""
    freeze_loaded_objects(GC_THRESHOLDS)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the last test of a file. A collection of all that piled up would take seconds, and Temporal takes the
    workflow in whose thread it begins for deadlocked."""
    if nextitem is None or nextitem.path != item.path:
        freeze_loaded_objects(GC_THRESHOLDS)


@pytest.fixture(autouse=True)
def own_log_setup() -> Iterator[None]:
    """What a test sets up for logs ends with it: they would go to its standard error, which is closed then. By default
    they go there, too: workers in this process log while a command's output is taken."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def own_signal_handlers() -> Iterator[None]:
    """What a command sets that a test runs in this process: it would end the tests, or keep them from ending."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


SHARED: list[WorkflowEnvironment] = []
"""The server that keeps time, once a test has wanted it."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with real_time() as environment:
        SHARED.append(environment)
        yield environment
        SHARED.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def nothing_abandoned() -> AsyncIterator[None]:
    """The orders that a file leaves behind are met by no later one."""
    yield
    for environment in SHARED:
        await delete_abandoned(environment.client)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with skipping_time() as environment:
        yield environment


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """It has a database `ledger_template` with the newest schema."""
    server = PostgresServer()
    server.start()
    make_template(server)
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema."""
    url = sqlite_url(tmp_path_factory.mktemp("ledger"))
    migrate(url)
    return Path(str(url.database))


@pytest.fixture(params=BACKENDS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """An empty ledger of the test's own. The test runs once for each kind of database."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path)
        shutil.copyfile(request.getfixturevalue("sqlite_template"), str(url.database))
        yield url
    else:
        with new_postgresql_ledger(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture
def ledger_database(ledger_url: URL) -> Iterator[Engine]:
    engine = open_ledger(ledger_url)
    yield engine
    engine.dispose()


def pytest_unconfigure() -> None:
    """After the summary, nothing of Temporal's client may run any more while the interpreter ends."""
    release_runtimes()


@pytest.fixture(scope="session")
def generated_orders() -> list[OrderChange]:
    return generate_orders()


@pytest.fixture(scope="session", params=BACKENDS)
def filled(
    request: pytest.FixtureRequest, generated_orders: list[OrderChange], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FilledLedger]:
    """A ledger of some thousand generated orders on each database, for tests that only read."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = sqlite_url(tmp_path_factory.mktemp("filled"))
            shutil.copyfile(request.getfixturevalue("sqlite_template"), str(url.database))
        else:
            url = stack.enter_context(new_postgresql_ledger(request.getfixturevalue("postgres_server")))
        ledger = fill(url, generated_orders)
        yield ledger
        ledger.engine.dispose()
