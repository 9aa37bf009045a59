"""Workers follow what is published for their task queue: together, as a whole or not at all."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from catalogue_store import publications as publications_module
from catalogue_store.publications import PublicationStore
from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import load_published
from ledger.reading.filters.order_filter import OrderFilter
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import OperationRefused
from operations.publishing import worker_answers
from operations.publishing.publish_version import Outcome, PublishCommand, PublishResult, VersionToPublish
from operations.reading import deployed_catalogue
from tests.support.servers.scripted_system import ScriptedServer
from tests.support.workers.deployment import until
from tests.support.workers.site import DEADLINE, Site
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    Actor,
    FulfilOrderInput,
    order_workflow_id,
)

OFFER = "kind: commercial_product\nid: {id}\nsteps: {{greet: {{call: {{system: greeter, post: /{id}}}}}}}\n"
SYSTEM = "kind: system\nid: greeter\nbase_url: ${env.GREETER_URL}\n"
WAITS = """
kind: commercial_product
id: waits
attributes: {note: {type: string, default: none}}
steps: {decide: {manual: {queue: desk}}}
"""
UNUSABLE = "kind: system\nid: other\nbase_url: ${env.NOT_SET_ANYWHERE}\n"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


class Deployment:
    def __init__(self, temporal: WorkflowEnvironment, server: ScriptedServer, folder: Path, task_queue: str) -> None:
        self.client, self.server, self.folder, self.task_queue = temporal.client, server, folder, task_queue
        self.orders = OrderClient(self.client, task_queue)
        self.sites: list[Site] = []
        self.drafts = folder / "drafts"
        self.drafts.mkdir()
        (self.drafts / "systems.yaml").write_text(SYSTEM)

    def site(self, name: str) -> Site:
        site = Site(self.folder / name, self.server, self.client.service_client.config.target_host, self.task_queue)
        self.sites.append(site)
        return site

    def watched_site(self, name: str) -> Site:
        """With a folder that has an offer `watched`."""
        site = self.site(name)
        site.folder.mkdir()
        site.define("systems", SYSTEM)
        site.define("offer", OFFER.format(id="watched"))
        return site

    def draft(self, product: str, **more: str) -> VersionToPublish:
        folder = self.drafts / product
        folder.mkdir(exist_ok=True)
        for name, text in {"systems": SYSTEM, "offer": OFFER.format(id=product), **more}.items():
            (folder / f"{name}.yaml").write_text(text)
        files = CatalogueFiles.read(folder)
        return VersionToPublish(load_published(files)[0].version, files.digest, files.pack())

    async def publish(self, version: VersionToPublish | None, by: str = "ann", **options: Any) -> PublishResult:
        return await self.orders.publish(PublishCommand(version, Actor(by=by, reason="a test"), **options))

    async def until_reported(self, workers: int) -> None:
        async def reported() -> bool:
            return len(await self.orders.read_worker_catalogues()) == workers

        await until(reported)

    async def open_order(self) -> dict[str, Any]:
        """An order of `waits`, which goes on for as long as nobody completes its task."""
        wanted = {
            "id": f"{self.task_queue}-w"[-100:],
            "customer": {"id": "C-1"},
            "lines": [{"id": "1", "product": "waits"}],
        }
        assert (await self.orders.submit(wanted)).accepted
        return wanted

    async def order(self, product: str) -> str:
        """Submits an order, and returns the catalogue version that it was compiled with."""
        order_id = f"{self.task_queue}-{product}"[-100:]
        wanted = {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": product}]}
        handle = await self.client.start_workflow(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(order=wanted),
            id=order_workflow_id(order_id),
            task_queue=self.task_queue,
        )
        await asyncio.wait_for(handle.result(), DEADLINE)
        version = (await self.orders.read(order_id)).order.catalogue_version
        assert version is not None
        return version


MakeDeployment = Callable[[], Deployment]


@pytest.fixture
async def deployment(
    temporal: WorkflowEnvironment, server: ScriptedServer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Deployment]:
    made = Deployment(temporal, server, tmp_path, re.sub(r"[^a-z]+", "-", request.node.name.lower())[:80])
    yield made
    for site in made.sites:
        await site.close()


async def test_all_workers_take_what_is_published_and_ignore_their_folders(deployment: Deployment) -> None:
    one, two = deployment.watched_site("one"), deployment.watched_site("two")
    workers = [await one.worker(), await two.worker()]
    for worker in workers:
        await worker.says("worker ready")
    await deployment.until_reported(2)
    version = deployment.draft("first")
    result = await deployment.publish(version)
    assert result.outcome is Outcome.PUBLISHED
    assert [each.problems for each in result.workers] == [(), ()]
    assert await deployment.order("first") == version.version
    one.define("offer", OFFER.format(id="edited"))
    two.define("offer", "kind: nothing\n")
    second = deployment.draft("second")
    assert (await deployment.publish(second)).publication.number == 2  # type: ignore[union-attr]
    reports = await deployment.orders.read_worker_catalogues()
    assert {each.version for each in reports} == {second.version}
    assert [each.refused for each in reports] == [None, None], "an edit of the folder is not looked at"
    withdrawn = await deployment.publish(None)
    assert withdrawn.outcome is Outcome.PUBLISHED
    (refusing,) = [each for each in withdrawn.workers if each.problems]
    assert refusing.definitions == str(two.folder)

    async def agree() -> bool:
        """The worker whose files are refused follows the last good catalogue of the other."""
        versions = {each.version for each in await deployment.orders.read_worker_catalogues()}
        return len(versions) == 1 and not versions & {version.version, second.version}

    await until(agree)


async def test_a_version_that_one_worker_cannot_use_changes_no_worker(deployment: Deployment) -> None:
    one, two = deployment.watched_site("one"), deployment.watched_site("two")
    able = await one.worker(NOT_SET_ANYWHERE="http://other.example")
    unable = await two.worker()
    for worker in (able, unable):
        await worker.says("worker ready")
    await deployment.until_reported(2)
    version = deployment.draft("needy", more=UNUSABLE)
    result = await deployment.publish(version)
    assert result.outcome is Outcome.REFUSED
    problems = {each.definitions: each.problems for each in result.workers}
    assert problems[str(one.folder)] == ()
    assert problems[str(two.folder)] == ("system other: the environment variable NOT_SET_ANYWHERE is not set",)
    assert {
        each.publications.number for each in await deployment.orders.read_worker_catalogues() if each.publications
    } == {None}
    assert await deployment.orders.list_versions() == []
    dry = await deployment.publish(deployment.draft("fine"), dry_run=True)
    assert dry.outcome is Outcome.DRY_RUN
    assert await deployment.orders.list_versions() == []
    forced = await deployment.publish(version, force=True)
    assert forced.outcome is Outcome.PUBLISHED
    assert forced.publication is not None
    assert len(forced.publication.forced) == 1
    by_folder = {each.definitions: each for each in await deployment.orders.read_worker_catalogues()}
    assert by_folder[str(one.folder)].version == version.version
    assert by_folder[str(two.folder)].version != version.version


async def test_a_worker_without_a_folder_starts_with_what_is_published(deployment: Deployment) -> None:
    """The first publication needs no worker."""
    version = deployment.draft("first")
    result = await deployment.publish(version)
    assert (result.outcome, result.workers) == (Outcome.PUBLISHED, [])
    worker = await deployment.site("missing").worker()
    assert (await worker.says("worker ready"))["catalogue_version"] == version.version
    assert await deployment.order("first") == version.version
    assert [each.path for each in deployment.server.received] == ["/first"]


async def test_a_worker_that_cannot_use_what_is_published_does_not_start(deployment: Deployment) -> None:
    await deployment.publish(deployment.draft("first"))
    worker = await deployment.watched_site("one").worker(GREETER_URL=None)
    assert await worker.ends() == 1
    said = "\n".join(worker.lines)
    assert "cannot start with version 1, which is published" in said
    assert "GREETER_URL is not set" in said
    assert "Traceback" not in said


async def test_a_worker_that_is_killed_while_a_version_is_published_takes_it_after_its_restart(
    deployment: Deployment,
) -> None:
    site = deployment.watched_site("one")
    worker = await site.worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    version = deployment.draft("first")
    publishing = asyncio.create_task(deployment.publish(version, timeout=3.0))
    await asyncio.sleep(0.2)
    await worker.ends(signal.SIGKILL)
    result = await publishing
    if result.outcome is Outcome.REFUSED:  # killed before it could answer
        assert [each.problems for each in result.workers] == [None]
        assert (await deployment.publish(version, timeout=1.0, force=True)).outcome is Outcome.PUBLISHED
    restarted = await site.worker()
    assert (await restarted.says("worker ready"))["catalogue_version"] == version.version


async def test_a_worker_that_died_lately_is_named_and_holds_nobody_up(deployment: Deployment) -> None:
    alive, dead = deployment.watched_site("alive"), deployment.watched_site("dead")
    await (await alive.worker()).says("worker ready")
    killed = await dead.worker()
    await killed.says("worker ready")
    await deployment.until_reported(2)
    await killed.ends(signal.SIGKILL)
    result = await deployment.publish(deployment.draft("first"), timeout=60.0)
    assert result.outcome is Outcome.PUBLISHED
    by_folder = {each.definitions: each for each in result.workers}
    assert by_folder[str(alive.folder)].is_ready
    assert (by_folder[str(dead.folder)].problems, by_folder[str(dead.folder)].was_silent) == (None, True)


async def test_of_two_who_publish_at_once_one_wins_and_the_other_is_told(deployment: Deployment) -> None:
    worker = await deployment.watched_site("one").worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    drafts = {name: deployment.draft(name) for name in ("ann", "kim")}
    results = await asyncio.gather(
        *(deployment.publish(draft, by=name, expected=0) for name, draft in drafts.items()), return_exceptions=True
    )
    (won,) = [each for each in results if isinstance(each, PublishResult)]
    (lost,) = [each for each in results if isinstance(each, OperationRefused)]
    assert won.publication is not None
    assert lost.code == "conflict"
    assert won.publication.by in lost.message
    loser = "kim" if won.publication.by == "ann" else "ann"
    with pytest.raises(OperationRefused, match="has published version 1 meanwhile"):
        await deployment.publish(drafts[loser], by=loser, expected=0)
    assert (await deployment.publish(drafts[loser], by=loser, expected=1)).outcome is Outcome.PUBLISHED
    again = await deployment.publish(drafts[loser], by=loser)
    assert again.outcome is Outcome.ALREADY
    assert len(await deployment.orders.list_versions()) == 2


async def test_an_earlier_version_is_put_in_force_again_with_the_same_files(deployment: Deployment) -> None:
    first, second = deployment.draft("first"), deployment.draft("second")
    await deployment.publish(first)
    await deployment.publish(second)
    again = await deployment.orders.read_version_to_publish("1")
    assert (again.digest, again.packed, again.restores) == (first.digest, first.packed, 1)
    result = await deployment.publish(again)
    assert result.publication is not None
    assert (result.publication.number, result.publication.restores) == (3, 1)
    _, files = await deployment.orders.read_published_files("current")
    assert files.digest == first.digest


async def test_a_thousand_offers_are_published_and_taken(deployment: Deployment) -> None:
    worker = await deployment.watched_site("one").worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    offers = "---\n".join(OFFER.format(id=f"offer_{number}") for number in range(1_000))
    version = deployment.draft("large", offers=offers)
    result = await deployment.publish(version, timeout=60.0)
    assert [each.problems for each in result.workers] == [()]
    assert await deployment.order("offer_999") == version.version


async def test_versions_with_open_orders_and_the_newest_ones_are_kept(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publications_module, "KEEP_UNUSED", timedelta(0))
    monkeypatch.setattr(publications_module, "KEPT_PUBLICATIONS", 2)
    worker = await deployment.watched_site("one").worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    store = PublicationStore(deployment.client, deployment.task_queue)
    used = deployment.draft("used", waits=WAITS)
    await deployment.publish(used)
    wanted = await deployment.open_order()
    for name in ("second", "third", "fourth"):
        await deployment.publish(deployment.draft(name))

    async def counted() -> bool:
        return [each.open_orders for each in await deployment.orders.list_versions()] == [0, 0, 0, 1]

    await until(counted)

    async def released() -> bool:
        await store.release_unused()
        return [each.publication.number for each in await deployment.orders.list_versions()] == [4, 3, 1]

    await until(released)
    _, files = await deployment.orders.read_published_files("1")
    assert files.digest == used.digest
    version = await deployment.orders.find_catalogue_version("1")
    assert version == used.version
    on_first = await deployment.orders.list_orders(OrderFilter(catalogue_version=version))
    assert [each.order_id for each in on_first.orders] == [wanted["id"]]


async def test_a_worker_of_an_earlier_release_is_named_and_not_forgotten(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await deployment.watched_site("one").worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    real = deployed_catalogue.read_worker_catalogues

    async def as_earlier(*arguments: Any) -> Any:
        return [each.model_copy(update={"publications": None}) for each in await real(*arguments)]

    monkeypatch.setattr(worker_answers, "read_worker_catalogues", as_earlier)
    result = await deployment.publish(deployment.draft("first"))
    assert result.outcome is Outcome.REFUSED
    assert result.workers[0].problems == (worker_answers.EARLIER_RELEASE,)


async def test_folder_that_vanishes_does_not_matter_to_a_published_version(deployment: Deployment) -> None:
    site = deployment.watched_site("one")
    worker = await site.worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    version = deployment.draft("first")
    await deployment.publish(version)
    shutil.rmtree(site.folder)
    assert await deployment.order("first") == version.version
    (report,) = await deployment.orders.read_worker_catalogues()
    assert report.refused is None


async def test_an_amendment_keeps_the_version_of_the_order_on_demand(deployment: Deployment) -> None:
    worker = await deployment.watched_site("one").worker()
    await worker.says("worker ready")
    await deployment.until_reported(1)
    first = deployment.draft("first", waits=WAITS)
    await deployment.publish(first)
    wanted = await deployment.open_order()
    second = deployment.draft(
        "second", waits=WAITS.replace("steps: {", "steps: {later: {after: decide, milestone: true}, ")
    )
    await deployment.publish(second)

    async def amend(note: str, version: str | None) -> tuple[str | None, list[str]]:
        """The order's catalogue version and the names of its steps, after an amendment."""
        lines = [{"id": "1", "product": "waits", "attributes": {"note": note}}]
        command = AmendCommand(wanted | {"lines": lines}, Actor(by="ann"), catalogue_version=version)
        answer = await deployment.orders.amend(command)
        details = await deployment.orders.read(wanted["id"])
        assert details.order.catalogue_version == answer.catalogue_version or answer.already
        return details.order.catalogue_version, sorted(step.id.split("@")[0] for step in details.steps)

    assert await amend("a", "same") == (first.version, ["waits.decide"])
    assert await amend("b", None) == (second.version, ["waits.decide", "waits.later"])
    assert (await amend("c", "1"))[0] == first.version
    assert (await amend("d", first.version))[0] == first.version
    with pytest.raises(OperationRefused, match="is not kept any more"):
        await amend("e", "sha256:" + "0" * 64)
    with pytest.raises(OperationRefused, match="There is no published version 9"):
        await amend("e", "9")


async def test_an_amendment_keeps_a_version_that_was_never_published(deployment: Deployment) -> None:
    site = deployment.watched_site("one")
    site.define("waits", WAITS)
    worker = await site.worker()
    before = (await worker.says("worker ready"))["catalogue_version"]
    wanted = await deployment.open_order()
    site.define("waits", WAITS.replace("steps: {", "steps: {later: {after: decide, milestone: true}, "))
    await worker.says("catalogue in force", changed=True)
    lines = [{"id": "1", "product": "waits", "attributes": {"note": "b"}}]
    command = AmendCommand(wanted | {"lines": lines}, Actor(by="ann"), catalogue_version="same")
    assert (await deployment.orders.amend(command)).catalogue_version == before
    assert (await deployment.orders.read(wanted["id"])).order.catalogue_version == before
