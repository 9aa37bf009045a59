"""`GET /catalogue` and `/ready` say that the workers refuse an edit of their definitions, and why."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.support.gateway_process import gateway_over
from tests.support.gateway_worker import CATALOGUE, WorkerProcess, eventually

QUEUE = "gateway-tests-catalogue"


async def test_refused_edit_is_told_with_its_reason(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    folder = shutil.copytree(CATALOGUE, tmp_path / "definitions")
    worker = WorkerProcess(server_address(temporal.client), QUEUE, "http://desk.invalid", tmp_path / "log", folder)
    try:
        await worker.ready()
        async with gateway_over(OrderClient(temporal.client, QUEUE)) as http:
            good = await eventually(lambda: read(http, "/catalogue"), lambda found: bool(found["workers"]))
            assert good["workers"][0]["refused"] is None
            assert await read(http, "/ready") == {"status": "ok", "definitions_refused": False}
            (folder / "broken.yaml").write_text("kind: nothing\n")
            await eventually(lambda: read(http, "/ready"), lambda found: bool(found["definitions_refused"]))
            (report,) = (await read(http, "/catalogue"))["workers"]
        assert report["version"] == good["workers"][0]["version"]
        assert report["definitions"] == str(folder)
        assert "broken.yaml:1:7" in report["refused"]["findings"][0]
    finally:
        worker.close()


async def test_without_workers_there_is_nothing_to_tell(idle: httpx.AsyncClient) -> None:
    assert await read(idle, "/catalogue") == {"workers": []}
    assert await read(idle, "/ready") == {"status": "ok", "definitions_refused": False}


async def read(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    response = await http.get(path)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found
