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
from activities.notifications.reachable_receiver import ReachableReceiver, reach_receivers
from activities.systems.reachable_system import ReachableSystem, reach
from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import load_catalogue
from compiler.source.findings import CatalogueInvalid

logger = structlog.get_logger("catalogue")

LOOK_EVERY = 1.0
"""Seconds between two looks at the files while nobody compiles."""
_numbers = count()
_MOST_SHOWN = 20
"""Findings of a refused edit that go into the log."""


class CatalogueUnusable(Exception):
    """The definitions are invalid, or this environment lacks what they name. `problems` says all of it, in words."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class InForce:
    catalogue: Catalogue
    systems: Mapping[str, ReachableSystem]
    number: int
    """No two catalogues of this process share one, not even where they say the same."""
    receivers: Mapping[str, ReachableReceiver] = field(default_factory=dict)


Check = Callable[[Catalogue], list[str]]
"""Further problems of a catalogue, in words: what this worker cannot do."""


def read_catalogue(
    folder: Path, environment: Path | None, variables: Mapping[str, str], check: Check = lambda _: []
) -> InForce:
    """Raises CatalogueUnusable with every problem."""
    try:
        catalogue = load_catalogue(folder, environment)
    except CatalogueInvalid as invalid:
        raise CatalogueUnusable([str(finding) for finding in invalid.findings]) from None
    systems: dict[str, ReachableSystem] = {}
    problems: list[str] = []
    for name, system in sorted(catalogue.systems.items()):
        reachable, lacks = reach(system, variables)
        problems += lacks
        if reachable is not None:
            systems[name] = reachable
    receivers, lacks = reach_receivers(catalogue, variables)
    problems += lacks
    problems += check(catalogue)
    if problems:
        raise CatalogueUnusable(problems)
    return InForce(catalogue, systems, next(_numbers), receivers)


class CatalogueInForce:
    """Made with a catalogue that can be used; from then on there always is one."""

    def __init__(self, folder: Path, environment: Path | None = None, check: Check = lambda _: []) -> None:
        """Raises CatalogueUnusable."""
        self._folder, self._environment, self._check = folder, environment, check
        self._seen = self._fingerprint()
        self._current = self._read()
        self._looking = asyncio.Lock()
        self._looks = 0
        self.listeners: list[Callable[[InForce], None]] = []
        """Told of each new catalogue once it is in force; nobody waits for what they do about it."""

    @property
    def current(self) -> InForce:
        return self._current

    def system(self, id_: str) -> ReachableSystem | None:
        return self._current.systems.get(id_)

    @property
    def receivers(self) -> Mapping[str, ReachableReceiver]:
        return self._current.receivers

    async def refreshed(self) -> InForce:
        """The catalogue in force, after a look at the files that began when this was asked for, or later.

        Many who ask at once share a look.
        """
        begun_before = self._looks
        async with self._looking:
            if self._looks == begun_before:
                self._looks += 1
                await self._look()
        return self._current

    async def watch(self) -> None:
        """Looks at the files every second, until cancelled: systems' addresses and limits change without any order."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.refreshed()

    async def _look(self) -> None:
        found = await asyncio.to_thread(self._if_edited)
        if found is None:
            return
        before, self._current = self._current.catalogue, found
        version = found.catalogue.version
        logger.info("catalogue in force", catalogue_version=version, changed=version != before.version)
        for tell in self.listeners:
            tell(found)

    def _if_edited(self) -> InForce | None:
        """What the files say now, where that is new and can be used."""
        now = self._fingerprint()
        if now == self._seen:
            return None
        while True:
            self._seen, found = now, None
            try:
                found = self._read()
            except CatalogueUnusable as unusable:
                problems = unusable.problems
            if (now := self._fingerprint()) == self._seen:  # else files were written to while they were read
                break
        if found is None:
            logger.error(
                "edited catalogue refused, the last good one stays in force",
                catalogue_version=self._current.catalogue.version,
                problems=list(problems[:_MOST_SHOWN]),
                more=max(0, len(problems) - _MOST_SHOWN),
            )
        return found

    def _fingerprint(self) -> Fingerprint:
        return fingerprint(self._folder, self._environment)

    def _read(self) -> InForce:
        return read_catalogue(self._folder, self._environment, os.environ, self._check)
