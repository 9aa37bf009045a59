"""A worker's look at what is published, on a real server: what it reports, retries and keeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from temporalio.testing import WorkflowEnvironment

from activities.compilation.live_catalogue import LiveCatalogue
from catalogue_store.publications import PublicationStore
from compiler.catalogue_files import CatalogueFiles
from tests.support.workers.deployment import until
from workers import publication_follower
from workers.publication_follower import PublicationFollower
from workflows.contract.publication_messages import Publication, publication_workflow_id

OFFER = "kind: commercial_product\nid: {id}\nsteps: {{check: {{milestone: true}}}}\n"
SYSTEM = "kind: system\nid: greeter\nbase_url: ${env.GREETER_URL}\n"


class Site:
    def __init__(self, temporal: WorkflowEnvironment, folder: Path) -> None:
        self.client, self.task_queue = temporal.client, f"follower-{uuid4().hex[:8]}"
        self.store = PublicationStore(self.client, self.task_queue)
        self.environment = folder / "environment.yaml"
        self.environment.write_text("")
        watched = folder / "watched"
        watched.mkdir()
        (watched / "offer.yaml").write_text(OFFER.format(id="watched"))
        self.live = LiveCatalogue(watched, self.environment)
        self.follower = PublicationFollower(self.store, self.live, None)
        self.changes = 0
        self.follower.listeners.append(self._count)

    def _count(self) -> None:
        self.changes += 1

    async def version(self, number: int, product: str = "published", **further: str) -> Publication:
        texts = {"offer": OFFER.format(id=product)} | further
        files = CatalogueFiles(tuple(sorted((f"{name}.yaml", text) for name, text in texts.items())))
        content = await self.store.write_files("sha256:v", files.pack())
        return Publication(
            number=number, version="sha256:v", digest=files.digest, content=content, by="ann", reason="x", at=NOW
        )

    @property
    def products(self) -> set[str]:
        return set(self.live.current.catalogue.products)


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(temporal: WorkflowEnvironment, tmp_path: Path) -> Site:
    return Site(temporal, tmp_path)


async def test_it_goes_to_the_newest_version_at_once_and_reports_each_change_once(site: Site) -> None:
    await site.follower.look()
    assert (site.products, site.changes, site.follower.report.number) == ({"watched"}, 0, None)
    await site.store.put_in_force(await site.version(1))
    await site.store.put_in_force(await site.version(2, "newer"))
    await site.follower.look()
    await site.follower.look()
    assert (site.products, site.changes, site.follower.report.number) == ({"newer"}, 1, 2)
    await site.store.put_in_force(Publication(number=3, by="ann", reason="x", at=NOW))
    await site.follower.look()
    assert (site.products, site.changes, site.follower.report.number) == ({"watched"}, 2, None)


async def test_a_candidate_is_judged_once_and_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREETER_URL", raising=False)
    candidate = await site.store.propose(await site.version(1, systems=SYSTEM))
    with capture_logs() as said:
        await site.follower.look()
        await site.follower.look()
    assert len(said) == 1
    verdict = site.follower.report.verdict
    assert verdict is not None
    assert verdict.candidate == candidate.id
    assert verdict.problems == ["system greeter: the environment variable GREETER_URL is not set"]
    assert (site.products, site.changes) == ({"watched"}, 1)
    await site.store.withdraw(candidate)
    second = await site.store.propose(await site.version(1))
    await site.follower.look()
    verdict = site.follower.report.verdict
    assert verdict is not None
    assert (verdict.candidate, verdict.problems) == (second.id, [])
    await site.store.withdraw(second)


async def test_a_refused_version_is_tried_again_once_the_environment_is_mended(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GREETER_URL", raising=False)
    await site.store.put_in_force(await site.version(1, systems=SYSTEM))
    await site.follower.look()
    refused = site.follower.report.refused
    assert refused is not None
    assert (refused.number, site.follower.report.number, site.products) == (1, None, {"watched"})
    site.environment.write_text("kind: system\nid: greeter\nbase_url: http://greeter.example\n")
    await site.follower.look()
    assert site.products == {"watched"}, "it is not tried again at every look"
    monkeypatch.setattr(site.follower, "_next_keep", 0.0)
    await site.follower.look()
    assert (site.follower.report.refused, site.follower.report.number, site.products) == (None, 1, {"published"})


async def test_a_terminated_version_in_force_is_written_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.store.put_in_force(await site.version(1))
    await site.follower.look()
    record = site.client.get_workflow_handle(publication_workflow_id(site.task_queue, 1))
    await record.terminate()
    monkeypatch.setattr(site.follower, "_next_keep", 0.0)
    await site.follower.look()
    assert (await record.describe()).close_time is None


async def test_it_goes_on_after_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication_follower, "POLL_INTERVAL", 0.02)
    read_later = site.store.read_later
    failures = iter([ValueError("a memo of a later release")])

    async def failing_once(number: int) -> Publication | None:
        for failure in failures:
            raise failure
        return await read_later(number)

    monkeypatch.setattr(site.store, "read_later", failing_once)
    await site.store.put_in_force(await site.version(1))
    with capture_logs() as said:
        following = asyncio.create_task(site.follower.follow())
        await until(lambda: site.follower.report.number == 1)
        following.cancel()
    assert "published versions cannot be followed" in [line["event"] for line in said]
