"""The catalogue that a worker starts with: the published one, that of its files, or the last good one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueCheck, CatalogueUnusable, LiveCatalogue, PublishedFiles
from catalogue_store.publications import PublicationStore
from catalogue_store.store import CatalogueStore
from compiler.catalogue.pretended import Pretended
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack
from workflows.contract.publication_messages import Publication

logger = structlog.get_logger("worker")

MAX_LOGGED_PROBLEMS = 20


class NoCatalogue(Exception):
    """The worker has no catalogue to start with. The message lists every problem."""


class StartingCatalogue:
    def __init__(
        self, folder: Path, environment: Path | None, check: CatalogueCheck, pretended: Pretended | None = None
    ) -> None:
        self._folder, self._environment, self._check, self._pretended = folder, environment, check, pretended

    async def open(
        self, store: CatalogueStore, publications: PublicationStore
    ) -> tuple[LiveCatalogue, Publication | None]:
        """The catalogue, and the last publication: it is in force if it has content. Raises NoCatalogue."""
        try:
            latest = await publications.read_latest()
            if latest is not None and latest.content is not None:
                return await self._open_published(publications, latest), latest
        except RPCError as error:
            reason = f"It cannot be read whether a version is published: {_first_line(error)}"
            raise self._no_catalogue((), reason) from None
        try:
            return self._open(), latest
        except CatalogueUnusable as unusable:
            problems = unusable.problems
            logger.error(
                "catalogue refused, looking for the last good one",
                definitions=str(self._folder),
                problems=list(problems[:MAX_LOGGED_PROBLEMS]),
                more=max(0, len(problems) - MAX_LOGGED_PROBLEMS),
            )
        return await self._open_last_good(store, problems), latest

    def _open(self, last_good: PackedCatalogue | None = None, published: PublishedFiles | None = None) -> LiveCatalogue:
        """Raises CatalogueUnusable."""
        return LiveCatalogue(self._folder, self._environment, self._check, last_good, published, self._pretended)

    async def _open_published(self, publications: PublicationStore, latest: Publication) -> LiveCatalogue:
        try:
            files = await publications.read_files(latest)
        except UnreadablePack as unreadable:
            raise _unusable_publication(latest, [str(unreadable)]) from None
        if files is None:
            raise _unusable_publication(latest, ["its files are not kept in Temporal, or not whole"])
        try:
            published = PublishedFiles(latest.number, files)
            opened = self._open(published=published)
        except CatalogueUnusable as unusable:
            raise _unusable_publication(latest, unusable.problems) from None
        logger.info("published version in force", published=latest.number, catalogue_version=latest.version)
        return opened

    async def _open_last_good(self, store: CatalogueStore, problems: Sequence[str]) -> LiveCatalogue:
        try:
            last_good = await store.read_last_good()
        except RPCError as error:
            raise self._no_catalogue(
                problems, f"The last good catalogue cannot be read: {_first_line(error)}"
            ) from None
        if last_good is None:
            raise self._no_catalogue(problems, "Nothing is published, and there is no earlier catalogue to start with.")
        try:
            opened = self._open(last_good.packed)
        except CatalogueUnusable as unusable:
            raise self._no_catalogue(unusable.problems) from None
        if opened.refusal is not None:  # otherwise the files have been mended meanwhile
            logger.warning("the last good catalogue is in force", catalogue_version=last_good.packed.version)
        return opened

    def _no_catalogue(self, problems: Sequence[str], *further: str) -> NoCatalogue:
        lines = [f"The worker cannot start with the catalogue {self._folder}:", *(f"  {each}" for each in problems)]
        return NoCatalogue("\n".join([*lines, *further]))


def _unusable_publication(publication: Publication, problems: Sequence[str]) -> NoCatalogue:
    lines = [f"The worker cannot start with version {publication.number}, which is published for its task queue:"]
    return NoCatalogue("\n".join([*lines, *(f"  {each}" for each in problems)]))


def _first_line(error: RPCError) -> str:
    return error.message.splitlines()[0][:200] if error.message else str(error.status)
