"""`GET /catalogue` and `/ready` say that the workers refuse an edit of their definitions, and why."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
from temporalio.testing import WorkflowEnvironment

from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import load_published
from operations.client import OrderClient
from operations.publishing.publish_version import PublishCommand, VersionToPublish
from operations.temporal.connection import server_address
from tests.support.gateway.process import gateway_over
from tests.support.workers.gateway_worker import CATALOGUE, WorkerProcess, eventually
from workflows.contract.order_messages import Actor

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


async def test_published_versions_are_listed_and_read(temporal: WorkflowEnvironment, tmp_path: Path) -> None:
    orders = OrderClient(temporal.client, f"{QUEUE}-versions")
    (tmp_path / "offer.yaml").write_text("kind: commercial_product\nid: a\nsteps: {check: {milestone: true}}\n")
    files = CatalogueFiles.read(tmp_path)
    version = VersionToPublish(load_published(files)[0].version, files.digest, files.pack())
    async with gateway_over(orders) as http:
        assert await read(http, "/catalogue/versions") == {"workers": [], "versions": []}
        await orders.publish(PublishCommand(version, Actor(by="ann", reason="the first one")))
        found = (await read(http, "/catalogue/versions"))["versions"]
        assert [(each["number"], each["in_force"], each["by"]) for each in found] == [(1, True, "ann")]
        assert await read(http, "/catalogue/versions/current") == found[0]
        assert await read(http, "/catalogue/versions/1") == found[0]
        missing = await http.get("/catalogue/versions/7")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
        wrong = await http.get("/catalogue/versions/newest")
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "invalid")
