from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.activities.scripted import ScriptedServer
from tests.notifications.receiving import Site, site_at


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def other() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def site(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(temporal.client, tmp_path) as site:
        yield site


@pytest.fixture
async def replaying_site(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Site]:
    """Every workflow is replayed at every task."""
    async with site_at(temporal.client, tmp_path, cached=0) as site:
        yield site
