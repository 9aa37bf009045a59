"""Workers whose own definitions are refused start with the last good catalogue of the deployment, and follow it."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.compilation.live_catalogue import LiveCatalogue
from catalogue_store.publications import PublicationStore
from catalogue_store.store import CatalogueStore
from operations.reading.deployed_catalogue import read_worker_catalogues
from tests.support.servers.scripted_system import ScriptedServer
from tests.support.workers.site import DEADLINE, Site
from workers import catalogue_reports
from workers.catalogue_keeper import CatalogueKeeper
from workers.publication_follower import PublicationFollower
from workflows.contract.catalogue_messages import WorkerCatalogue, content_workflow_id
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, FulfilOrderInput, order_workflow_id

OFFER = "kind: commercial_product\nid: {id}\nsteps: {{greet: {{call: {{system: greeter, post: /{id}}}}}}}\n"
SYSTEM = "kind: system\nid: greeter\nbase_url: ${env.GREETER_URL}\n"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


MakeSite = Callable[[str], Site]


@pytest.fixture
async def make_site(
    temporal: WorkflowEnvironment, server: ScriptedServer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[MakeSite]:
    """A folder of definitions with workers of its own. All sites of a test are one deployment."""
    made: list[Site] = []
    task_queue = re.sub(r"[^a-z]+", "-", request.node.name.lower())[:80]

    def make(name: str) -> Site:
        folder = tmp_path / name
        folder.mkdir()
        site = Site(folder, server, temporal.client.service_client.config.target_host, task_queue)
        site.define("systems", SYSTEM)
        made.append(site)
        return site

    yield make
    for site in made:
        await site.close()


async def reported(
    temporal: WorkflowEnvironment, site: Site, holds: Callable[[WorkerCatalogue], bool]
) -> WorkerCatalogue:
    """The report of the site's worker, once it is as expected."""
    async with asyncio.timeout(DEADLINE):
        while True:
            for report in await read_worker_catalogues(temporal.client, site.task_queue):
                if report.definitions == str(site.folder) and holds(report):
                    return report
            await asyncio.sleep(0.05)


async def until_stored(temporal: WorkflowEnvironment, site: Site, version: str) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            stored = (await CatalogueStore(temporal.client, site.task_queue).read_view()).stored
            if stored is not None and stored.version == version:
                return
            await asyncio.sleep(0.05)


async def order(temporal: WorkflowEnvironment, site: Site, product: str) -> WorkflowHandle[Any, Any]:
    order_id = f"{site.task_queue}-{product}"[-100:]
    wanted = {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": product}]}
    return await temporal.client.start_workflow(
        ORDER_WORKFLOW_TYPE,
        FulfilOrderInput(order=wanted),
        id=order_workflow_id(order_id),
        task_queue=site.task_queue,
    )


@pytest.mark.parametrize("broken", ["offer", "systems"])
async def test_restarted_worker_goes_on_with_the_last_good_catalogue(
    temporal: WorkflowEnvironment, make_site: MakeSite, server: ScriptedServer, broken: str
) -> None:
    site = make_site("definitions")
    site.define("offer", OFFER.format(id="welcome"))
    first = await site.worker()
    version = (await first.says("worker ready"))["catalogue_version"]
    await until_stored(temporal, site, version)
    site.define(broken, "kind: commercial_product\nid: broken\nbogus: 1\n")
    await first.says("edited catalogue refused, the last good one stays in force")
    assert await first.ends(signal.SIGKILL) == -signal.SIGKILL
    second = await site.worker()
    assert (await second.says("worker ready"))["catalogue_version"] == version
    refused = await second.says("catalogue refused, looking for the last good one")
    assert f"{broken}.yaml:3" in "\n".join(refused["problems"])
    report = await reported(temporal, site, lambda report: report.refused is not None)
    assert report.version == version
    handle = await order(temporal, site, "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert [received.path for received in server.received] == ["/welcome"]
    site.define("systems", SYSTEM)
    site.define("offer", OFFER.format(id="mended"))
    mended = await second.says("catalogue in force", changed=True)
    await until_stored(temporal, site, mended["catalogue_version"])


async def test_worker_with_other_files_starts_with_the_last_good_catalogue_of_all(
    temporal: WorkflowEnvironment, make_site: MakeSite
) -> None:
    good, bad = make_site("good"), make_site("bad")
    good.define("offer", OFFER.format(id="welcome"))
    bad.define("offer", "kind: nothing\n")
    worker = await good.worker()
    version = (await worker.says("worker ready"))["catalogue_version"]
    await until_stored(temporal, good, version)
    starting = await bad.worker()
    assert (await starting.says("worker ready"))["catalogue_version"] == version


async def test_worker_that_can_use_neither_names_all_problems(
    temporal: WorkflowEnvironment, make_site: MakeSite
) -> None:
    site = make_site("definitions")
    site.define("offer", OFFER.format(id="welcome"))
    worker = await site.worker()
    await until_stored(temporal, site, (await worker.says("worker ready"))["catalogue_version"])
    site.define("offer", "kind: nothing\n")
    second = await site.worker(GREETER_URL=None)
    assert await second.ends() == 1
    said = "\n".join(second.lines)
    assert "offer.yaml:1" in said
    assert "cannot be used here either" in said
    assert "GREETER_URL is not set" in said
    assert "Traceback" not in said


async def test_worker_whose_files_are_refused_follows_the_last_good_catalogue(
    temporal: WorkflowEnvironment, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:

    site, other = make_site("definitions"), make_site("other")
    monkeypatch.setenv("GREETER_URL", "http://greeter.example")
    site.define("offer", OFFER.format(id="welcome"))
    worker = await site.worker()
    await until_stored(temporal, site, (await worker.says("worker ready"))["catalogue_version"])
    other.define("offer", OFFER.format(id="former"))
    live = LiveCatalogue(other.folder)
    keeper = CatalogueKeeper(CatalogueStore(temporal.client, site.task_queue), live)
    await keeper.follow_last_good()
    assert set(live.current.catalogue.products) == {"former"}, "its own files are good"
    other.define("offer", "kind: nothing\n")
    await live.refresh()
    await keeper.follow_last_good()
    assert set(live.current.catalogue.products) == {"welcome"}
    assert live.refusal is not None
    assert await keeper.keep_current() is None, "it is not a catalogue of its own"
    other.define("offer", OFFER.format(id="mended"))
    await live.refresh()
    stored = await keeper.keep_current()
    assert stored is not None
    assert stored.version == live.current.catalogue.version


async def test_a_refused_worker_follows_another_long_before_its_next_report(
    temporal: WorkflowEnvironment, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, other = make_site("definitions"), make_site("other")
    monkeypatch.setattr(catalogue_reports, "REPORT_INTERVAL", timedelta(hours=1))
    monkeypatch.setattr(catalogue_reports, "FOLLOW_INTERVAL", 0.1)
    monkeypatch.setenv("GREETER_URL", "http://greeter.example")
    other.define("offer", OFFER.format(id="former"))
    live = LiveCatalogue(other.folder)
    other.define("offer", "kind: nothing\n")
    await live.refresh()
    publications = PublicationFollower(PublicationStore(temporal.client, site.task_queue), live, None)
    store = CatalogueStore(temporal.client, site.task_queue)
    reporter = catalogue_reports.CatalogueReporter(
        temporal.client, site.task_queue, live, other.folder, store, publications
    )
    await reporter.start()
    try:
        assert set(live.current.catalogue.products) == {"former"}, "nobody has a better one"
        site.define("offer", OFFER.format(id="welcome"))
        worker = await site.worker()
        version = (await worker.says("worker ready"))["catalogue_version"]
        await reported(temporal, other, lambda report: report.version == version)
    finally:
        await reporter.stop()


async def test_terminated_content_is_written_again(
    temporal: WorkflowEnvironment, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:

    site = make_site("definitions")
    monkeypatch.setenv("GREETER_URL", "http://greeter.example")
    site.define("offer", OFFER.format(id="welcome"))
    store = CatalogueStore(temporal.client, site.task_queue)
    keeper = CatalogueKeeper(store, LiveCatalogue(site.folder))
    stored = await keeper.keep_current()
    assert stored is not None
    content = stored.definitions
    workflow_id = content_workflow_id(site.task_queue, content.version, content.digest)
    await temporal.client.get_workflow_handle(workflow_id).terminate()
    assert not await store.is_kept(stored)
    assert await keeper.keep_current() == stored
    assert await store.is_kept(stored)
