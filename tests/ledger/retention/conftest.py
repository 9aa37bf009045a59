"""A desk at which orders of people are submitted, and a ledger that their changes reach."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import Engine
from temporalio.testing import WorkflowEnvironment

from tests.ledger.retention.people_orders import PeopleDesk
from tests.support.ledger.recording_sink import recording
from tests.support.servers.temporal import real_time
from tests.support.workflows.order_runner import desk_on

DELETES_SOON = {
    f"history__{queue}ProcessorUpdateAckInterval{setting}": value
    for queue in ("transfer", "visibility")
    for setting, value in (("", '"100ms"'), ("JitterCoefficient", "0"))
}
"""Temporal deletes a run once it has noted that all is done of its end. By default it takes such notes twice a
minute."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def deleting_temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with real_time(**DELETES_SOON) as environment:
        yield environment


@pytest_asyncio.fixture
async def people_desk(deleting_temporal: WorkflowEnvironment, ledger_database: Engine) -> AsyncIterator[PeopleDesk]:
    with recording() as sink:
        async with desk_on(deleting_temporal.client) as desk:
            yield PeopleDesk(desk, ledger_database, sink)
