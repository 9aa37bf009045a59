"""Orders on a real server, and a ledger that learns of them as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from temporalio.testing import WorkflowEnvironment

from ledger.reconciliation import stored_runs
from tests.support.ledger.writing_sink import WritingSink, writing_to
from tests.support.workflows.order_runner import Desk, desk_on


@pytest.fixture(autouse=True)
def no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has just happened is compared at once; the tests wait for visibility themselves."""
    monkeypatch.setattr(stored_runs, "VISIBILITY_LAG", timedelta(0))


@pytest_asyncio.fixture(loop_scope="session")
async def desk(temporal: WorkflowEnvironment) -> AsyncIterator[Desk]:
    async with desk_on(temporal.client) as desk:
        yield desk


@pytest.fixture
def sink(ledger_database: Engine) -> Iterator[WritingSink]:
    with writing_to(ledger_database) as sink:
        yield sink
