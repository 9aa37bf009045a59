from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.order_runner import Desk, desk_on


@pytest.fixture
async def desk(temporal: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """Every workflow is replayed at every task."""
    async with desk_on(temporal.client, cached=0) as desk:
        yield desk


@pytest.fixture
async def quick_desk(temporal: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """Workflows stay in the worker's memory, as in production."""
    async with desk_on(temporal.client) as desk:
        yield desk
