from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.servers.scripted_system import ScriptedServer
from tests.support.workers.notification_site import Site, site_at


@asynccontextmanager
async def listening() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A receiver."""
    async with listening() as server:
        yield server


@pytest.fixture
async def other() -> AsyncIterator[ScriptedServer]:
    """A second receiver."""
    async with listening() as server:
        yield server


@pytest.fixture
async def site(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(temporal.client, tmp_path) as site:
        yield site


@pytest.fixture
async def replaying_site(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    """Every workflow is replayed at every task."""
    async with site_at(temporal.client, tmp_path, cached=0) as site:
        yield site
