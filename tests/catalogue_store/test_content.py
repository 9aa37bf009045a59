"""Content in Temporal, on a real server: whole or not at all, whoever wrote which part of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from catalogue_store import content
from catalogue_store.content import MAX_PIECES, PIECE_BYTES, ContentStore, ContentTooLarge
from tests.support.workers.deployment import until
from workflows.catalogue_content import CatalogueContent
from workflows.contract.catalogue_messages import SIGNAL_RELEASE, StoredContent, content_workflow_id

LARGE = os.urandom(PIECE_BYTES * 2 + 7)


@pytest.fixture
def task_queue() -> str:
    return f"content-{uuid4().hex[:8]}"


@pytest.fixture
def store(temporal: WorkflowEnvironment, task_queue: str) -> ContentStore:
    return ContentStore(temporal.client, task_queue)


@pytest.fixture
async def worker(temporal: WorkflowEnvironment, task_queue: str) -> AsyncIterator[None]:
    async with Worker(
        temporal.client,
        task_queue=task_queue,
        workflows=[CatalogueContent],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,
    ):
        yield


def workflow_id(task_queue: str, stored: StoredContent) -> str:
    return content_workflow_id(task_queue, stored.version, stored.digest)


@pytest.mark.parametrize("written", [b"", b"small", LARGE])
async def test_what_is_written_is_read_without_a_worker(store: ContentStore, written: bytes) -> None:
    stored = await store.write("v1", written)
    assert await store.read(stored) == written
    assert await store.is_kept(stored)


async def test_it_is_written_once(store: ContentStore, temporal: WorkflowEnvironment, task_queue: str) -> None:
    stored = await store.write("v1", LARGE)
    handle = temporal.client.get_workflow_handle(workflow_id(task_queue, stored))
    before = (await handle.describe()).history_length
    assert await store.write("v1", LARGE) == stored
    assert (await handle.describe()).history_length == before


async def test_what_a_dead_worker_left_out_is_added(store: ContentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dies(Exception):
        pass

    async def die(*_: object, **__: object) -> None:
        raise Dies

    with monkeypatch.context() as dying:
        dying.setattr("temporalio.client.WorkflowHandle.signal", die)
        with pytest.raises(Dies):
            await store.write("v1", LARGE)
    half = StoredContent(version="v1", digest=content._digest(LARGE), pieces=3)
    assert await store.read(half) is None
    stored = await store.write("v1", LARGE)
    assert stored == half
    assert await store.read(stored) == LARGE


@pytest.mark.usefixtures("worker")
async def test_released_content_can_be_written_again(
    store: ContentStore, temporal: WorkflowEnvironment, task_queue: str
) -> None:
    stored = await store.write("v1", LARGE)
    await temporal.client.get_workflow_handle(workflow_id(task_queue, stored)).signal(SIGNAL_RELEASE)

    async def gone() -> bool:
        return not await store.is_kept(stored)

    await until(gone)
    await store.write("v1", LARGE)
    assert await store.is_kept(stored)
    assert await store.read(stored) == LARGE


async def test_terminated_content_is_not_kept(
    store: ContentStore, temporal: WorkflowEnvironment, task_queue: str
) -> None:
    stored = await store.write("v1", b"small")
    await temporal.client.get_workflow_handle(workflow_id(task_queue, stored)).terminate()
    assert not await store.is_kept(stored)


async def test_content_that_was_never_written_is_absent(store: ContentStore) -> None:
    absent = StoredContent(version="v1", digest="0" * 64, pieces=1)
    assert await store.read(absent) is None
    assert not await store.is_kept(absent)


async def test_too_large_content_is_refused(store: ContentStore) -> None:
    with pytest.raises(ContentTooLarge, match=r"24\.0 MB"):
        await store.write("v1", bytes(PIECE_BYTES * MAX_PIECES + 1))


async def test_the_largest_content_can_be_read(store: ContentStore) -> None:
    largest = os.urandom(PIECE_BYTES * MAX_PIECES)
    assert await store.read(await store.write("v1", largest)) == largest
