"""Finds the definitions of a catalogue version: among those that are published, and those that workers have stored."""

from __future__ import annotations

from temporalio.client import Client

from catalogue_store.content import ContentStore
from catalogue_store.publications import PublicationStore
from compiler.packed_catalogue import pack_definitions


class StoredVersions:
    def __init__(self, client: Client, task_queue: str) -> None:
        self._publications = PublicationStore(client, task_queue)
        self._content = ContentStore(client, task_queue)

    async def read_definitions(self, version: str) -> bytes | None:
        """PackedCatalogue.definitions of this catalogue version. None if it is not kept.

        Raises RPCError, and UnreadablePack if a later release has published it.
        """
        for publication in await self._publications.list_kept():
            if publication.version == version and publication.content is not None:
                files = await self._publications.read_files(publication)
                if files is not None:
                    return pack_definitions(files.read_documents().documents)
        stored = await self._content.find(version)
        return await self._content.read(stored) if stored is not None else None
