"""Definitions for clients: those that new orders are compiled with, and those of published versions.

They are read from Temporal, so that no folder and no worker is needed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from temporalio.client import Client

from catalogue_store.publications import PublicationStore
from catalogue_store.store import CatalogueStore
from compiler.packed_catalogue import UnreadablePack, unpack_documents
from compiler.source.document import ReadResult
from operations.errors import SERVER_ERROR, NotFound, OperationError, server_call
from operations.publishing.published_versions import find_version, read_published_files
from operations.temporal.connection import server_address
from workflows.contract.catalogue_messages import StoredCatalogue
from workflows.contract.publication_messages import Publication

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from compiler.loaded_definitions import LoadedDefinitions

KEPT_DEFINITIONS = 4
"""Compiled catalogues in memory: the one in force, and those that are compared."""


@dataclass(frozen=True)
class CatalogueInForce:
    definitions: LoadedDefinitions
    publication: Publication | None
    """None: nothing is published. Workers read their own folders, and this is the last good catalogue of all."""
    since: datetime
    """When it was published, or when a worker put it in force."""

    @property
    def catalogue(self) -> Catalogue:
        return self.definitions.catalogue


class CatalogueReader:
    """Compiled definitions are kept in memory. A call reads little from Temporal if it knows them already.

    Every method raises OperationError: ServerUnreachable, NotFound, or SERVER_ERROR for definitions that this release
    cannot read.
    """

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client, self._task_queue = client, task_queue
        self._known: OrderedDict[str, LoadedDefinitions] = OrderedDict()
        self._compiling = asyncio.Lock()

    async def read_in_force(self) -> CatalogueInForce:
        """Raises NotFound if nothing is published, and no worker has ever had a catalogue."""
        async with server_call("The catalogue in force", server_address(self._client)):
            latest = await PublicationStore(self._client, self._task_queue).read_latest()
        if latest is not None and latest.content is not None:
            return CatalogueInForce(await self._published(latest), latest, latest.at)
        async with server_call("The catalogue in force", server_address(self._client)):
            stored = (await CatalogueStore(self._client, self._task_queue).read_view()).stored
        if stored is None:
            raise NotFound(
                f"No worker of {self._task_queue} has ever put a catalogue in force: start one, or publish a catalogue"
            )
        definitions, since = await self._stored(stored)
        return CatalogueInForce(definitions, None, since)

    async def read_published(self, reference: str) -> tuple[Publication, LoadedDefinitions]:
        """`reference`: a published version's number, the beginning of its SHA-256, or `current`."""
        publication = await find_version(self._client, self._task_queue, reference)
        return publication, await self._published(publication)

    async def _published(self, publication: Publication) -> LoadedDefinitions:
        key = f"published {publication.digest}"
        if publication.content is not None and key in self._known:
            return self._remember(key, self._known[key])
        files = await read_published_files(self._client, self._task_queue, publication)
        return await self._compile(key, f"Version {publication.number}", files.read_documents)

    async def _stored(self, stored: StoredCatalogue) -> tuple[LoadedDefinitions, datetime]:
        """With the moment when it was put in force: another may be in force by now."""
        if (key := _stored_key(stored)) in self._known:
            return self._remember(key, self._known[key]), stored.since
        async with server_call("The catalogue in force", server_address(self._client)):
            last_good = await CatalogueStore(self._client, self._task_queue).read_last_good()
        if last_good is None:
            raise NotFound("The catalogue in force is not kept in Temporal any more; a worker writes it again")
        packed, stored = last_good.packed, last_good.stored
        definitions = await self._compile(
            _stored_key(stored), "The catalogue in force", lambda: unpack_documents(packed)
        )
        return definitions, stored.since

    async def _compile(self, key: str, subject: str, read: Callable[[], ReadResult]) -> LoadedDefinitions:
        """In a thread, one at a time."""
        from compiler.source.findings import CatalogueInvalid

        def define() -> LoadedDefinitions:
            from compiler.load_catalogue import define_complete

            return define_complete(read())

        async with self._compiling:
            if key in self._known:
                return self._remember(key, self._known[key])
            try:
                return self._remember(key, await asyncio.to_thread(define))
            except (UnreadablePack, CatalogueInvalid) as error:
                first = str(error).splitlines()[0]
                raise OperationError(SERVER_ERROR, f"{subject} cannot be read by this release: {first}") from error

    def _remember(self, key: str, definitions: LoadedDefinitions) -> LoadedDefinitions:
        self._known[key] = definitions
        self._known.move_to_end(key)
        while len(self._known) > KEPT_DEFINITIONS:
            self._known.popitem(last=False)
        return definitions


def _stored_key(stored: StoredCatalogue) -> str:
    return f"stored {stored.definitions.digest} {stored.environment.digest}"
