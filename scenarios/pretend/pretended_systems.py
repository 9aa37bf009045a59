"""Which systems of a catalogue are pretended, read anew when its files change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.pretended import ALL
from compiler.incremental_loader import CatalogueLoader
from compiler.language.systems import System
from compiler.source.findings import CatalogueInvalid, did_you_mean
from compiler.source.fingerprint import fingerprint

logger = structlog.get_logger("pretend")

POLL_INTERVAL = 0.5
"""Seconds between two looks at the files while nobody calls."""


class NotPretendable(Exception):
    """A system that cannot be pretended; the message says why and what to do."""


def select_systems(catalogue: Catalogue, names: Sequence[str]) -> dict[str, System]:
    """The systems that `names` names, or all that have an `example`. `names` may name receivers, too.

    Raises NotPretendable.
    """
    systems, receivers = catalogue.systems, catalogue.receivers
    with_example = {name: system for name, system in systems.items() if system.example}
    if ALL in names:
        if not with_example and not receivers:
            raise NotPretendable(
                "No system of the catalogue has an `example`, so none can be pretended. Give one to each system that "
                "does not exist yet (docs/language.md, Example answers)."
            )
        return with_example
    for name in names:
        if name not in systems and name not in receivers:
            known = did_you_mean(name, [*systems, *receivers]) or f"; there are {', '.join(sorted(systems))}"
            raise NotPretendable(f"The catalogue has no system `{name}`{known}")
        if name not in with_example and name not in receivers:
            raise NotPretendable(
                f"System `{name}` has no `example`, so it cannot be pretended. Write its answers into its definition, "
                'such as `example: {post: /orders, status: 201, body: {id: "${number}"}}` (docs/language.md, Example '
                "answers)."
            )
    return {name: system for name, system in with_example.items() if name in names}


def read_systems(definitions: Path, names: Sequence[str]) -> dict[str, System]:
    """Raises CatalogueInvalid, also for mistakes in examples, and NotPretendable."""
    loaded = CatalogueLoader(definitions).load()
    mistakes = [finding for finding in loaded.definition_findings if finding.severity == "error"]
    if mistakes:
        raise CatalogueInvalid(mistakes)
    return select_systems(loaded.catalogue, names)


class WatchedSystems:
    """The systems of a folder. An edit that is not valid changes nothing."""

    def __init__(self, definitions: Path, names: Sequence[str], use: Callable[[Mapping[str, System]], None]) -> None:
        """`use` is called with the systems now, and again after each edit that is valid.

        Raises CatalogueInvalid and NotPretendable if the files are not good now.
        """
        self._definitions, self._names, self._use = definitions, names, use
        self._last_fingerprint = fingerprint([definitions])
        self._lock = asyncio.Lock()
        self._refresh_count = 0
        use(read_systems(definitions, names))

    async def refresh(self) -> None:
        """Uses the files as they are now. Concurrent callers share one look that starts after their calls."""
        started_before = self._refresh_count
        async with self._lock:
            if self._refresh_count == started_before:
                self._refresh_count += 1
                await self._read_if_changed()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(POLL_INTERVAL)
            await self.refresh()

    async def _read_if_changed(self) -> None:
        now = await asyncio.to_thread(fingerprint, [self._definitions])
        if now == self._last_fingerprint:
            return
        self._last_fingerprint = now
        try:
            systems = await asyncio.to_thread(read_systems, self._definitions, self._names)
        except (CatalogueInvalid, NotPretendable) as error:
            logger.warning("the edit is not used by pretend systems", reason=str(error).splitlines()[0])
            return
        self._use(systems)
