"""Keeps the catalogue of a worker in the store, and follows the store while the worker's own files are refused."""

from __future__ import annotations

import asyncio
import time

import structlog

from activities.compilation.live_catalogue import CatalogueUnusable, LiveCatalogue
from catalogue_store.content import ContentTooLarge
from catalogue_store.store import CatalogueStore
from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack
from compiler.source.findings import CatalogueInvalid
from workflows.contract.catalogue_messages import StoredCatalogue

logger = structlog.get_logger("worker")

RELEASE_INTERVAL = 3600.0
"""Seconds between two searches for versions that nobody uses."""


class CatalogueKeeper:
    """Every method raises RPCError if Temporal does not answer."""

    def __init__(self, store: CatalogueStore, live_catalogue: LiveCatalogue) -> None:
        self._store = store
        self._live_catalogue = live_catalogue
        self._kept: tuple[int, StoredCatalogue | None] = (-1, None)
        """The sequence of the catalogue that was stored last, and where it is. None: it cannot be stored."""
        self._followed: StoredCatalogue | None = None
        self._next_release = time.monotonic() + RELEASE_INTERVAL

    async def keep_current(self) -> StoredCatalogue | None:
        """Where the catalogue in force is stored. None if it is not the worker's own, or cannot be stored."""
        current = self._live_catalogue.current
        if current.packed is None or not current.is_own:
            return None
        sequence, stored = self._kept
        if sequence != current.sequence or (stored is not None and not await self._store.is_kept(stored)):
            try:
                await asyncio.to_thread(_check_readable, current.packed, current.catalogue)
                stored = await self._store.write(current.packed, current.since)
            except (ContentTooLarge, UnreadablePack) as error:
                stored = None
                logger.error(
                    "the catalogue cannot be stored: a worker whose files are refused cannot start with it",
                    catalogue_version=current.packed.version,
                    reason=str(error),
                )
            self._kept = (current.sequence, stored)
        return stored

    async def follow_last_good(self) -> None:
        """While the files are refused: puts the last good catalogue of the deployment in force, if it is another."""
        if self._live_catalogue.refusal is None:
            self._followed = None
            return
        stored = (await self._store.read_view()).stored
        if stored is None or stored in (self._followed, self._kept[1]):
            return
        last_good = await self._store.read_last_good()
        if last_good is None:
            return
        self._followed = last_good.stored
        if last_good.stored.version == self._live_catalogue.current.catalogue.version:
            return
        try:
            await self._live_catalogue.follow(last_good.packed)
        except CatalogueUnusable as unusable:
            logger.error(
                "the last good catalogue cannot be used here",
                catalogue_version=last_good.packed.version,
                problems=list(unusable.problems[:20]),
            )

    async def release_unused(self) -> None:
        """Once an hour."""
        if time.monotonic() >= self._next_release:
            self._next_release = time.monotonic() + RELEASE_INTERVAL
            await self._store.release_unused()


def _check_readable(packed: PackedCatalogue, catalogue: Catalogue) -> None:
    """Raises UnreadablePack unless the same catalogue comes out again."""
    try:
        read = unpack_catalogue(packed)
    except CatalogueInvalid as invalid:
        raise UnreadablePack(str(invalid.findings[0])) from None
    if (read.version, read.systems, read.receivers) != (catalogue.version, catalogue.systems, catalogue.receivers):
        raise UnreadablePack("another catalogue would be read from it")
