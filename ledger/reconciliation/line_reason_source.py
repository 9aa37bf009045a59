"""Why the lines of an order are there, worked out again from the catalogue that the order was compiled with."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from temporalio.client import Client

from activity_contract.line_reasons import LineReason, line_reasons
from catalogue_store.store import CatalogueStore
from catalogue_store.stored_versions import StoredVersions
from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack, pack_files
from compiler.source.findings import CatalogueInvalid

MAX_CATALOGUES = 4


class LineReasonSource:
    """Needs no worker: workers keep their catalogues in Temporal."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._store = CatalogueStore(client, task_queue)
        self._versions = StoredVersions(client, task_queue)
        self._catalogues: OrderedDict[str, Catalogue | None] = OrderedDict()
        self._lock = asyncio.Lock()

    async def find(self, order: dict[str, Any], version: str) -> list[LineReason]:
        """Empty if the catalogue is not kept any more. Raises the client's errors. `order`: as submitted."""
        async with self._lock:
            catalogue = await self._catalogue(version)
            return [] if catalogue is None else await asyncio.to_thread(line_reasons, order, catalogue)

    async def _catalogue(self, version: str) -> Catalogue | None:
        if version not in self._catalogues:
            self._catalogues[version] = await self._read(version)
            if len(self._catalogues) > MAX_CATALOGUES:
                self._catalogues.popitem(last=False)
        self._catalogues.move_to_end(version)
        return self._catalogues[version]

    async def _read(self, version: str) -> Catalogue | None:
        """With the systems that are in force. None if it is not kept, or if this release does not understand it."""
        last_good = await self._store.read_last_good()
        environment = last_good.packed.environment if last_good is not None else pack_files([])
        try:
            definitions = await self._versions.read_definitions(version)
            if definitions is None:
                return None
            return await asyncio.to_thread(unpack_catalogue, PackedCatalogue(version, definitions, environment))
        except (CatalogueInvalid, UnreadablePack):
            return None
