from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from temporalio.testing import WorkflowEnvironment

from operations.temporal.connection import server_address
from tests.support.command_line import NOBODY, Ordo
from tests.support.paths import ROOT
from tests.support.workers.gateway_worker import WorkerProcess

QUEUE = "cli-tests"
DEFINITIONS = ROOT / "tests" / "cli" / "definitions"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default paths (definitions/, orders/) are relative; no Temporal of the developer's own is met."""
    monkeypatch.chdir(ROOT)
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
async def address(temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Of a Temporal whose orders, on the task queue QUEUE, a worker runs with the catalogue of these tests."""
    where = server_address(temporal.client)
    log = tmp_path_factory.mktemp("worker") / "log"
    worker = WorkerProcess(where, QUEUE, f"http://{NOBODY}", log, DEFINITIONS)
    try:
        await worker.ready()
        yield where
    finally:
        worker.close()


@pytest.fixture
def ordo(address: str) -> Ordo:
    return Ordo(address, QUEUE)


@pytest.fixture
async def fed_ledger(
    temporal: WorkflowEnvironment, ledger_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ordo]:
    """With a ledger, which a worker feeds. The task queue is the test's own: reconciliation adds all that ran there."""
    monkeypatch.setenv("ORDO_LEDGER_URL", ledger_url.render_as_string(hide_password=False))
    where, queue = server_address(temporal.client), f"{QUEUE}-{uuid.uuid4().hex[:8]}"
    worker = WorkerProcess(where, queue, f"http://{NOBODY}", tmp_path / "log", DEFINITIONS)
    try:
        await worker.ready()
        yield Ordo(where, queue)
    finally:
        worker.close()
