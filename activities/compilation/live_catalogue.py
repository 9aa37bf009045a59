"""The catalogue in force: the last good one, replaced when its files change and still make sense."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import structlog

from activities.compilation.catalogue_fingerprint import Fingerprint, fingerprint
from activities.notifications.resolved_receiver import ResolvedReceiver, resolve_receivers
from activities.systems.endpoint import Unresolvable
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import load_catalogue
from compiler.source.findings import CatalogueInvalid

logger = structlog.get_logger("catalogue")

REFRESH_INTERVAL = 1.0
"""Seconds between two looks at the files while nobody compiles."""
_sequence = count()
_MAX_LOGGED_FINDINGS = 20
"""Findings of a refused edit that go into the log."""


class CatalogueUnusable(Exception):
    """The definitions are invalid, or this environment lacks what they name. `problems` says all of it, in words."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    catalogue: Catalogue
    systems: Mapping[str, ResolvedSystem]
    sequence: int
    """No two catalogues of this process share one, not even where they say the same."""
    receivers: Mapping[str, ResolvedReceiver] = field(default_factory=dict)


CatalogueCheck = Callable[[Catalogue], list[str]]
"""Further problems of a catalogue, in words: what this worker cannot do."""


def read_catalogue(
    folder: Path, environment: Path | None, variables: Mapping[str, str], check: CatalogueCheck = lambda _: []
) -> CatalogueSnapshot:
    """Raises CatalogueUnusable with every problem."""
    try:
        catalogue = load_catalogue(folder, environment)
    except CatalogueInvalid as invalid:
        raise CatalogueUnusable([str(finding) for finding in invalid.findings]) from None
    systems: dict[str, ResolvedSystem] = {}
    problems: list[str] = []
    for name, system in sorted(catalogue.systems.items()):
        try:
            systems[name] = resolve_system(system, variables)
        except Unresolvable as unresolvable:
            problems += unresolvable.problems
    receivers, receiver_problems = resolve_receivers(catalogue, variables)
    problems += [*receiver_problems, *check(catalogue)]
    if problems:
        raise CatalogueUnusable(problems)
    return CatalogueSnapshot(catalogue, systems, next(_sequence), receivers)


class LiveCatalogue:
    """Made with a catalogue that can be used; from then on there always is one."""

    def __init__(self, folder: Path, environment: Path | None = None, check: CatalogueCheck = lambda _: []) -> None:
        """Raises CatalogueUnusable."""
        self._folder, self._environment, self._check = folder, environment, check
        self._last_fingerprint = self._take_fingerprint()
        self._current = self._read_snapshot()
        self._refresh_lock = asyncio.Lock()
        self._refresh_count = 0
        self.listeners: list[Callable[[CatalogueSnapshot], None]] = []
        """Told of each new catalogue once it is in force; nobody waits for what they do about it."""

    @property
    def current(self) -> CatalogueSnapshot:
        return self._current

    def system(self, id_: str) -> ResolvedSystem | None:
        return self._current.systems.get(id_)

    @property
    def receivers(self) -> Mapping[str, ResolvedReceiver]:
        return self._current.receivers

    async def refresh(self) -> CatalogueSnapshot:
        """The catalogue in force, after a look at the files that began when this was asked for, or later.

        Many who ask at once share a look.
        """
        begun_before = self._refresh_count
        async with self._refresh_lock:
            if self._refresh_count == begun_before:
                self._refresh_count += 1
                await self._reload_if_changed()
        return self._current

    async def watch(self) -> None:
        """Looks at the files every second, until cancelled: systems' addresses and limits change without any order."""
        while True:
            await asyncio.sleep(REFRESH_INTERVAL)
            await self.refresh()

    async def _reload_if_changed(self) -> None:
        found = await asyncio.to_thread(self._read_if_changed)
        if found is None:
            return
        before, self._current = self._current.catalogue, found
        version = found.catalogue.version
        logger.info("catalogue in force", catalogue_version=version, changed=version != before.version)
        for tell in self.listeners:
            tell(found)

    def _read_if_changed(self) -> CatalogueSnapshot | None:
        """What the files say now, where that is new and can be used."""
        now = self._take_fingerprint()
        if now == self._last_fingerprint:
            return None
        while True:
            self._last_fingerprint, found = now, None
            try:
                found = self._read_snapshot()
            except CatalogueUnusable as unusable:
                problems = unusable.problems
            if (
                now := self._take_fingerprint()
            ) == self._last_fingerprint:  # else files were written to while they were read
                break
        if found is None:
            logger.error(
                "edited catalogue refused, the last good one stays in force",
                catalogue_version=self._current.catalogue.version,
                problems=list(problems[:_MAX_LOGGED_FINDINGS]),
                more=max(0, len(problems) - _MAX_LOGGED_FINDINGS),
            )
        return found

    def _take_fingerprint(self) -> Fingerprint:
        return fingerprint(self._folder, self._environment)

    def _read_snapshot(self) -> CatalogueSnapshot:
        return read_catalogue(self._folder, self._environment, os.environ, self._check)
