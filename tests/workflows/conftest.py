from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.workflows.order_runner import Desk, desk_on
from workflows.shell import order_loop


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


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run continues as another one where it would do so only after thousands of events."""
    monkeypatch.setattr(order_loop, "MAX_EVENTS_PER_RUN", 60)
