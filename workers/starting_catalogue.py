"""The catalogue that a worker starts with: that of its files, or the last good one of the deployment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueCheck, CatalogueUnusable, LiveCatalogue
from catalogue_store.store import CatalogueStore

logger = structlog.get_logger("worker")

MAX_LOGGED_PROBLEMS = 20


class NoCatalogue(Exception):
    """The worker has no catalogue to start with. The message lists every problem."""


class StartingCatalogue:
    def __init__(self, folder: Path, environment: Path | None, check: CatalogueCheck) -> None:
        """Reads the files. If they are refused, `open` needs the store."""
        self._folder, self._environment, self._check = folder, environment, check
        self._from_files: LiveCatalogue | None = None
        try:
            self._from_files = LiveCatalogue(folder, environment, check)
        except CatalogueUnusable as unusable:
            self._problems = unusable.problems
            logger.error(
                "catalogue refused, looking for the last good one",
                definitions=str(folder),
                problems=list(self._problems[:MAX_LOGGED_PROBLEMS]),
                more=max(0, len(self._problems) - MAX_LOGGED_PROBLEMS),
            )

    async def open(self, store: CatalogueStore) -> LiveCatalogue:
        """Raises NoCatalogue."""
        return self._from_files or await self._open_last_good(store)

    async def _open_last_good(self, store: CatalogueStore) -> LiveCatalogue:
        try:
            last_good = await store.read_last_good()
        except RPCError as error:
            reason = error.message.splitlines()[0][:200]
            raise self._no_catalogue(self._problems, f"The last good catalogue cannot be read: {reason}") from None
        if last_good is None:
            raise self._no_catalogue(self._problems, "There is no earlier catalogue to start with instead.")
        try:
            opened = LiveCatalogue(self._folder, self._environment, self._check, last_good.packed)
        except CatalogueUnusable as unusable:
            raise self._no_catalogue(unusable.problems) from None
        if opened.refusal is not None:  # otherwise the files have been mended meanwhile
            logger.warning("the last good catalogue is in force", catalogue_version=last_good.packed.version)
        return opened

    def _no_catalogue(self, problems: Sequence[str], *further: str) -> NoCatalogue:
        lines = [f"The worker cannot start with the catalogue {self._folder}:", *(f"  {each}" for each in problems)]
        return NoCatalogue("\n".join([*lines, *further]))
