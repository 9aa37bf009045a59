"""The activity shows that it is alive also while it waits for one long statement."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from ledger.reconciliation import reconciliation_activity
from ledger.reconciliation.reconciliation_activity import ReconciliationActivity
from ledger.reconciliation.settings import ReconciliationSettings


async def test_heartbeats_go_on_while_an_erasure_takes_long(
    temporal: WorkflowEnvironment, ledger_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = asyncio.Semaphore(0)

    async def erase_for_long(_engine: Engine, _client: Client) -> None:
        for _ in range(3):
            await beats.acquire()

    monkeypatch.setattr(reconciliation_activity, "continue_erasures", erase_for_long)
    monkeypatch.setattr(reconciliation_activity, "HEARTBEAT_PAUSE", 0.02)
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: beats.release()
    task_queue = f"tests-{uuid.uuid4().hex[:8]}"
    activity = ReconciliationActivity(temporal.client, task_queue, ledger_database, ReconciliationSettings())
    summary = await asyncio.wait_for(environment.run(activity.reconcile), 30)
    assert summary.checked == 0, "no order makes a heartbeat"
