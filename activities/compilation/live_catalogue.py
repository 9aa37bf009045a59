"""The catalogue in force: a published version, or the last good one of the worker's own files.

The latter is replaced when the files change and are still valid.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import structlog

from activities.notifications.resolved_receiver import ResolvedReceiver, resolve_receivers
from activities.systems.endpoint import Unresolvable
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.pretended import Pretended
from compiler.catalogue_files import CatalogueFiles
from compiler.incremental_loader import CatalogueLoader
from compiler.load_catalogue import load_and_pack_catalogue, load_published, unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack
from compiler.source.findings import CatalogueInvalid
from compiler.source.fingerprint import Fingerprint, fingerprint

logger = structlog.get_logger("catalogue")

REFRESH_INTERVAL = 1.0
"""Seconds between two checks of the files while nobody compiles."""
_sequence = count()
_MAX_LOGGED_FINDINGS = 20


class CatalogueUnusable(Exception):
    """The definitions are invalid, or this environment lacks something that they name. `problems` lists all of it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    catalogue: Catalogue
    systems: Mapping[str, ResolvedSystem]
    sequence: int
    """Unique within this process, even among catalogues with the same content."""
    receivers: Mapping[str, ResolvedReceiver] = field(default_factory=dict)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was read."""
    packed: PackedCatalogue | None = None
    is_own: bool = False
    """Whether it comes from the worker's own files, so that others may want it from the store."""
    published: int | None = None
    """The number under which it is published."""


@dataclass(frozen=True, slots=True)
class CatalogueRefusal:
    """An edit that could not be put in force."""

    problems: tuple[str, ...]
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class PublishedFiles:
    number: int
    files: CatalogueFiles


CatalogueCheck = Callable[[Catalogue], list[str]]
"""Returns further problems of a catalogue: what this worker cannot do."""


def read_catalogue(
    loader: CatalogueLoader,
    variables: Mapping[str, str],
    check: CatalogueCheck = lambda _: [],
    pretended: Pretended | None = None,
) -> CatalogueSnapshot:
    """Raises CatalogueUnusable with every problem."""
    try:
        catalogue, packed = load_and_pack_catalogue(loader)
    except CatalogueInvalid as invalid:
        raise CatalogueUnusable([str(finding) for finding in invalid.errors]) from None
    return _resolve(catalogue, variables, check, packed, pretended, is_own=True)


def read_stored_catalogue(
    packed: PackedCatalogue, variables: Mapping[str, str], check: CatalogueCheck, pretended: Pretended | None = None
) -> CatalogueSnapshot:
    """Raises CatalogueUnusable with every problem."""
    try:
        catalogue = unpack_catalogue(packed)
    except CatalogueInvalid as invalid:
        raise CatalogueUnusable([str(finding) for finding in invalid.errors]) from None
    except UnreadablePack as unreadable:
        raise CatalogueUnusable([str(unreadable)]) from None
    return _resolve(catalogue, variables, check, packed, pretended)


def read_published_catalogue(
    files: CatalogueFiles,
    environment: Path | None,
    variables: Mapping[str, str],
    check: CatalogueCheck,
    pretended: Pretended | None = None,
) -> CatalogueSnapshot:
    """Raises CatalogueUnusable with every problem."""
    try:
        catalogue, packed = load_published(files, environment)
    except CatalogueInvalid as invalid:
        raise CatalogueUnusable([str(finding) for finding in invalid.errors]) from None
    return _resolve(catalogue, variables, check, packed, pretended)


def _resolve(
    catalogue: Catalogue,
    variables: Mapping[str, str],
    check: CatalogueCheck,
    packed: PackedCatalogue,
    pretended: Pretended | None,
    *,
    is_own: bool = False,
) -> CatalogueSnapshot:
    reached = catalogue if pretended is None else pretended.redirect(catalogue)
    systems: dict[str, ResolvedSystem] = {}
    problems: list[str] = []
    for name, system in sorted(reached.systems.items()):
        try:
            systems[name] = resolve_system(system, variables)
        except Unresolvable as unresolvable:
            problems += unresolvable.problems
    receivers, receiver_problems = resolve_receivers(reached, variables)
    problems += [*receiver_problems, *check(catalogue)]
    if problems:
        raise CatalogueUnusable(problems)
    return CatalogueSnapshot(catalogue, systems, next(_sequence), receivers, packed=packed, is_own=is_own)


class LiveCatalogue:
    """Always has a usable catalogue: it starts with one, and refuses edits that are not valid."""

    def __init__(
        self,
        folder: Path,
        environment: Path | None = None,
        check: CatalogueCheck = lambda _: [],
        last_good: PackedCatalogue | None = None,
        published: PublishedFiles | None = None,
        pretended: Pretended | None = None,
    ) -> None:
        """`last_good`: in force if the files are refused. `published`: in force instead of the files of `folder`.
        `pretended`: the systems and receivers that are not called at the addresses of their definitions.

        Raises CatalogueUnusable.
        """
        self._folder, self._environment, self._check = folder, environment, check
        self._pretended = pretended
        self._loader = CatalogueLoader(folder, environment)
        """Reads again only the files that an edit has changed."""
        self._published = published
        self._judged: tuple[str, Fingerprint, CatalogueSnapshot] | None = None
        """The version that `judge` has found good: its digest, and the state of the environment's file."""
        self._last_fingerprint: Fingerprint | None = self._take_fingerprint()
        self._refusal: CatalogueRefusal | None = None
        try:
            self._current = self._read_snapshot()
        except CatalogueUnusable as unusable:
            if last_good is None:
                raise
            self._refusal = CatalogueRefusal(unusable.problems)
            self._current = self._read_last_good(last_good, unusable.problems)
        self._refresh_lock = asyncio.Lock()
        self._refresh_count = 0
        self.listeners: list[Callable[[CatalogueSnapshot], None]] = []
        """Called with each new catalogue once it is in force. They must not block."""
        self.status_listeners: list[Callable[[], None]] = []
        """Called when an edit is put in force or refused. They must not block."""

    @property
    def current(self) -> CatalogueSnapshot:
        return self._current

    @property
    def refusal(self) -> CatalogueRefusal | None:
        """Why the files, as they are now, are not in force; None if they are."""
        return self._refusal

    def system(self, id_: str) -> ResolvedSystem | None:
        return self._current.systems.get(id_)

    @property
    def receivers(self) -> Mapping[str, ResolvedReceiver]:
        return self._current.receivers

    async def refresh(self) -> CatalogueSnapshot:
        """The catalogue in force after a check of the files that starts now or later. Concurrent callers share one."""
        started_before = self._refresh_count
        async with self._refresh_lock:
            if self._refresh_count == started_before:
                self._refresh_count += 1
                await self._reload_if_changed()
        return self._current

    async def follow(self, last_good: PackedCatalogue) -> None:
        """Puts the last good catalogue of another worker in force while the files here are refused.

        Raises CatalogueUnusable if this worker cannot use it; then the one before it stays in force.
        """
        async with self._refresh_lock:
            if self._refusal is None or self._published is not None:
                return
            snapshot = await asyncio.to_thread(self._read_stored, last_good)
            self._put_in_force(snapshot)
        self._notify_status()

    async def judge(self, files: CatalogueFiles) -> tuple[str, ...]:
        """Everything that keeps this worker from using a version that is about to be published. Changes nothing."""
        environment_now = self._take_environment_fingerprint()
        try:
            snapshot = await asyncio.to_thread(self._read_published, files)
        except CatalogueUnusable as unusable:
            return unusable.problems
        self._judged = (files.digest, environment_now, snapshot)
        return ()

    async def take(self, published: PublishedFiles) -> None:
        """Puts a published version in force, instead of the files of the folder.

        Raises CatalogueUnusable if this worker cannot use it; then nothing changes.
        """
        async with self._refresh_lock:
            environment_now = self._take_environment_fingerprint()
            if self._judged is not None and self._judged[:2] == (published.files.digest, environment_now):
                snapshot = self._judged[2]
            else:
                snapshot = await asyncio.to_thread(self._read_published, published.files)
            self._published, self._judged = published, None
            self._loader = CatalogueLoader(self._folder, self._environment)  # frees what it knows of the folder
            self._last_fingerprint, self._refusal = environment_now, None
            self._put_in_force(replace(snapshot, published=published.number, since=datetime.now(UTC)))
        self._notify_status()

    async def watch_files(self) -> None:
        """Nothing is published any more: the files of the folder are in force again, as soon as they are good."""
        async with self._refresh_lock:
            if self._published is not None:
                self._published, self._last_fingerprint = None, None
                await self._reload_if_changed()

    async def watch(self) -> None:
        """Checks the files every second, until cancelled: addresses and limits of systems change without any order."""
        while True:
            await asyncio.sleep(REFRESH_INTERVAL)
            await self.refresh()

    async def _reload_if_changed(self) -> None:
        result = await asyncio.to_thread(self._read_if_changed)
        if result is None:
            return
        version = self._current.catalogue.version
        if isinstance(result, CatalogueRefusal):
            self._refusal = result
            logger.error(
                "edited catalogue refused, the last good one stays in force",
                catalogue_version=version,
                problems=list(result.problems[:_MAX_LOGGED_FINDINGS]),
                more=max(0, len(result.problems) - _MAX_LOGGED_FINDINGS),
            )
        else:
            self._refusal = None
            self._put_in_force(result)
        self._notify_status()

    def _put_in_force(self, snapshot: CatalogueSnapshot) -> None:
        version = snapshot.catalogue.version
        changed = version != self._current.catalogue.version
        self._current = snapshot
        number = {"published": snapshot.published} if snapshot.published is not None else {}
        logger.info("catalogue in force", catalogue_version=version, changed=changed, **number)
        for notify in self.listeners:
            notify(snapshot)

    def _notify_status(self) -> None:
        for notify in self.status_listeners:
            notify()

    def _read_if_changed(self) -> CatalogueSnapshot | CatalogueRefusal | None:
        """What the files hold now; None if they have not changed."""
        fingerprint_now = self._take_fingerprint()
        result: CatalogueSnapshot | CatalogueRefusal | None = None
        while fingerprint_now != self._last_fingerprint:  # again if files were written to while they were read
            self._last_fingerprint = fingerprint_now
            try:
                result = self._read_snapshot()
            except CatalogueUnusable as unusable:
                result = CatalogueRefusal(unusable.problems)
            fingerprint_now = self._take_fingerprint()
        return result

    def _take_fingerprint(self) -> Fingerprint:
        folders = [self._folder] if self._published is None else []
        return fingerprint(folders) | self._take_environment_fingerprint()

    def _take_environment_fingerprint(self) -> Fingerprint:
        return fingerprint([] if self._environment is None else [self._environment])

    def _read_snapshot(self) -> CatalogueSnapshot:
        if self._published is not None:
            return replace(self._read_published(self._published.files), published=self._published.number)
        return read_catalogue(self._loader, os.environ, self._check, self._pretended)

    def _read_published(self, files: CatalogueFiles) -> CatalogueSnapshot:
        return read_published_catalogue(files, self._environment, os.environ, self._check, self._pretended)

    def _read_stored(self, stored: PackedCatalogue) -> CatalogueSnapshot:
        return read_stored_catalogue(stored, os.environ, self._check, self._pretended)

    def _read_last_good(self, last_good: PackedCatalogue, problems: Sequence[str]) -> CatalogueSnapshot:
        """`problems`: of the files. Raises CatalogueUnusable with all problems."""
        try:
            return self._read_stored(last_good)
        except CatalogueUnusable as unusable:
            intro = f"the last good catalogue, version {last_good.version}, cannot be used here either:"
            raise CatalogueUnusable([*problems, intro, *unusable.problems]) from None
