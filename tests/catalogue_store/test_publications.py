"""Publications of a deployment, on a real server: numbers, who comes first, what is kept. No worker runs."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from catalogue_store import publications
from catalogue_store.content import PIECE_BYTES
from catalogue_store.publications import NumberTaken, PublicationStore, PublishingNow
from compiler.catalogue_files import CatalogueFiles
from operations.client import OrderClient
from operations.errors import NotFound, OperationRefused
from tests.support.workers.deployment import until
from workflows.contract.publication_messages import Publication, publication_workflow_id

VERSION = "sha256:" + "ab" * 32


@pytest.fixture
def task_queue() -> str:
    return f"publications-{uuid4().hex[:8]}"


@pytest.fixture
def store(temporal: WorkflowEnvironment, task_queue: str) -> PublicationStore:
    return PublicationStore(temporal.client, task_queue)


def files_of(text: str = "kind: nothing\n") -> CatalogueFiles:
    return CatalogueFiles((("offer.yaml", text),))


async def publication(store: PublicationStore, number: int, files: CatalogueFiles | None = None) -> Publication:
    files = files or files_of()
    return Publication(
        number=number,
        version=VERSION,
        digest=files.digest,
        content=await store.write_files(VERSION, files.pack()),
        by="ann",
        reason="because",
        at=datetime.now(UTC),
    )


async def test_the_highest_number_is_in_force(store: PublicationStore) -> None:
    assert await store.read_latest() is None
    first = await publication(store, 1)
    await store.put_in_force(first)
    assert await store.read_latest() == first
    second = await publication(store, 2, files_of("kind: other\n"))
    await store.put_in_force(second)
    assert await store.read_latest() == second
    assert await store.read_later(0) == second
    assert await store.read_later(2) is None
    assert await store.read_files(second) == files_of("kind: other\n")
    assert await store.read_files(first) == files_of()

    async def listed() -> bool:
        return await store.list_kept() == [second, first]

    await until(listed)


async def test_of_several_who_publish_the_same_number_one_comes_first(store: PublicationStore) -> None:
    rivals = [(await publication(store, 1)).model_copy(update={"by": name}) for name in ("ann", "kim", "lee")]
    results = await asyncio.gather(*map(store.put_in_force, rivals), return_exceptions=True)
    lost = [each for each in results if isinstance(each, NumberTaken)]
    assert len(lost) == 2
    in_force = await store.read_latest()
    assert in_force is not None
    assert {each.taken.by for each in lost} == {in_force.by}


async def test_only_one_publishes_at_a_time(store: PublicationStore) -> None:
    candidate = await store.propose(await publication(store, 1))
    assert await store.read_candidate() == candidate
    with pytest.raises(PublishingNow) as refused:
        await store.propose((await publication(store, 1)).model_copy(update={"by": "kim"}))
    assert refused.value.candidate.by == "ann"
    await store.withdraw(candidate)
    assert await store.read_candidate() is None
    await store.withdraw(candidate)
    await store.propose(await publication(store, 1))
    assert await store.read_latest() is None, "a candidate is not in force"


async def test_a_catalogue_of_several_pieces_is_read_as_it_was_written(store: PublicationStore) -> None:
    noise = random.Random(1)
    text = "".join(f"# {noise.getrandbits(2048):x}\n" for _ in range(2 * PIECE_BYTES // 512))
    large = files_of(text)
    written = await publication(store, 1, large)
    assert written.content is not None
    assert written.content.pieces == 2
    assert await store.read_files(written) == large


async def test_terminated_records_and_files_are_written_again(
    store: PublicationStore, temporal: WorkflowEnvironment, task_queue: str
) -> None:
    first = await publication(store, 1)
    await store.put_in_force(first)
    record = temporal.client.get_workflow_handle(publication_workflow_id(task_queue, 1))
    await record.terminate()
    assert await store.read_latest() == first, "the record can still be read"
    await store.keep(first, files_of())
    kept = await record.describe()
    assert kept.close_time is None
    await store.keep(first, files_of())
    assert (await record.describe()).run_id == kept.run_id


async def test_a_version_is_found_by_number_by_digest_and_as_the_current_one(
    store: PublicationStore, temporal: WorkflowEnvironment, task_queue: str
) -> None:
    orders = OrderClient(temporal.client, task_queue)
    with pytest.raises(NotFound, match="Nothing is published"):
        await orders.read_published_files("current")
    await store.put_in_force(await publication(store, 1))
    second = await publication(store, 2, files_of("kind: other\n"))
    await store.put_in_force(second)

    async def listed() -> bool:
        return len(await store.list_kept()) == 2

    await until(listed)
    for reference in ("2", "current", second.digest, second.digest[:12], VERSION, VERSION[:19]):
        assert await orders.read_published_files(reference) == (second, files_of("kind: other\n")), reference
    assert (await orders.read_published_files("1"))[0].number == 1
    with pytest.raises(NotFound, match="no published version 7"):
        await orders.read_published_files("7")
    with pytest.raises(NotFound, match="no published version ffffff"):
        await orders.read_published_files("ffffff")
    with pytest.raises(OperationRefused, match="names no version"):
        await orders.read_published_files("latest")
    versions = await orders.list_versions()
    assert [(each.publication.number, each.is_in_force, each.open_orders) for each in versions] == [
        (2, True, 0),
        (1, False, 0),
    ]


async def test_a_publisher_that_dies_keeps_others_out_for_a_short_time_only(
    store: PublicationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publications, "CANDIDATE_TIMEOUT", timedelta(seconds=1))
    await store.propose(await publication(store, 1))
    with pytest.raises(PublishingNow):
        await store.propose(await publication(store, 1))

    async def ended() -> bool:
        return await store.read_candidate() is None

    await until(ended)
    await store.withdraw(await store.propose(await publication(store, 1)))
