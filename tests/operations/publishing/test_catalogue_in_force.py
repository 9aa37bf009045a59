"""Clients read the definitions in force from Temporal, without a folder: on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from catalogue_store.publications import PublicationStore
from compiler.catalogue_files import CatalogueFiles
from operations.client import OrderClient
from operations.errors import SERVER_ERROR, NotFound, OperationError
from tests.support.workers.catalogue_deployment import CatalogueDeployment, catalogue_deployment
from workflows.contract.publication_messages import Publication

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OFFER = "kind: commercial_product\nid: published\nsteps: {a: {milestone: true}}\n"


@pytest.fixture
async def deployment(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[CatalogueDeployment]:
    async with catalogue_deployment(temporal.client, tmp_path) as made:
        yield made


async def publish(deployment: CatalogueDeployment, number: int, text: str | None) -> Publication:
    store = PublicationStore(deployment.client, deployment.task_queue)
    files = CatalogueFiles((("offer.yaml", text),)) if text is not None else None
    publication = Publication(
        number=number,
        version="sha256:" + f"{number:x}" * 64 if files else "",
        digest=files.digest if files else "",
        content=await store.write_files(f"sha256:{number}", files.pack()) if files else None,
        by="ann",
        reason="because",
        at=NOON + timedelta(days=number),
    )
    await store.put_in_force(publication)
    return publication


async def test_what_is_in_force_is_published_or_else_the_last_good_of_all_workers(
    deployment: CatalogueDeployment,
) -> None:
    catalogues = OrderClient(deployment.client, deployment.task_queue).catalogues
    with pytest.raises(NotFound, match="has ever put a catalogue in force"):
        await catalogues.read_in_force()

    await deployment.until_in_force(await deployment.put_in_force("first", NOON))
    own = await catalogues.read_in_force()
    assert (set(own.catalogue.products), set(own.catalogue.systems)) == ({"first"}, {"crm"})
    assert (own.publication, own.since) == (None, NOON)
    assert str(own.catalogue.products["first"].location).endswith("offer.yaml:2:5")
    assert (await catalogues.read_in_force()).definitions is own.definitions

    await deployment.until_in_force(await deployment.put_in_force("second", NOON + timedelta(hours=1)))
    assert set((await catalogues.read_in_force()).catalogue.products) == {"second"}

    first = await publish(deployment, 1, OFFER)
    published = await catalogues.read_in_force()
    assert (set(published.catalogue.products), published.publication) == ({"published"}, first)
    assert published.since == first.at

    await publish(deployment, 2, None)  # withdrawn
    withdrawn = await catalogues.read_in_force()
    assert (set(withdrawn.catalogue.products), withdrawn.publication) == ({"second"}, None)

    publication, definitions = await catalogues.read_published("1")
    assert publication == first
    assert definitions is published.definitions
    with pytest.raises(NotFound, match="with it, nothing is published"):
        await catalogues.read_published("2")


async def test_what_this_release_cannot_read_is_an_error_in_words(deployment: CatalogueDeployment) -> None:
    catalogues = OrderClient(deployment.client, deployment.task_queue).catalogues
    await publish(deployment, 1, "kind: from_the_future\nid: x\n")
    with pytest.raises(OperationError, match=r"Version 1 cannot be read by this release: offer.yaml:1") as refused:
        await catalogues.read_in_force()
    assert refused.value.code == SERVER_ERROR


async def test_a_few_catalogues_are_kept_in_memory(deployment: CatalogueDeployment) -> None:
    catalogues = OrderClient(deployment.client, deployment.task_queue).catalogues
    for number in range(1, 6):
        await publish(deployment, number, OFFER.replace("published", f"offer_{number}"))
    read = [(await catalogues.read_published(str(number)))[1] for number in range(1, 6)]
    assert (await catalogues.read_published("5"))[1] is read[4]
    again = (await catalogues.read_published("1"))[1]
    assert again is not read[0]
    assert set(again.catalogue.products) == {"offer_1"}
