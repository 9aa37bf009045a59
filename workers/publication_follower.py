"""A worker follows the versions that are published for its task queue.

It looks every second. A version that is about to be published is judged: can it be used here? A version that is
published is put in force as a whole, or refused and the catalogue before it stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueUnusable, LiveCatalogue, PublishedFiles
from catalogue_store.content import ContentTooLarge
from catalogue_store.publications import Candidate, PublicationStore
from compiler.catalogue_files import CatalogueFiles
from compiler.packed_catalogue import UnreadablePack
from workflows.contract.publication_messages import Publication
from workflows.contract.publication_reports import CandidateVerdict, PublicationReport, RefusedPublication

logger = structlog.get_logger("worker")

POLL_INTERVAL = 1.0
"""Seconds between two looks."""
KEEP_INTERVAL = 60.0
"""Seconds between two looks whether the version in force is still stored."""
RELEASE_INTERVAL = 3600.0
"""Seconds between two searches for versions that are not kept any longer."""
MAX_PROBLEMS = 5
MAX_PROBLEM_LENGTH = 300
"""Characters. The reports of all workers must fit into one memo."""
MAX_LOGGED_PROBLEMS = 20
MISSING_FILES = "its files are not kept in Temporal, or not whole"


class PublicationFollower:
    def __init__(
        self, store: PublicationStore, live_catalogue: LiveCatalogue, started_with: Publication | None
    ) -> None:
        """`started_with`: the last publication, which `live_catalogue` has in force if it has content."""
        self._store = store
        self._live_catalogue = live_catalogue
        self._latest = started_with
        self._files: CatalogueFiles | None = None
        is_published = started_with is not None and started_with.content is not None
        self._number = started_with.number if started_with is not None and is_published else None
        self._refused: RefusedPublication | None = None
        self._verdict: CandidateVerdict | None = None
        self._is_reachable = True
        self._next_keep = time.monotonic() + KEEP_INTERVAL
        self._next_release = time.monotonic() + RELEASE_INTERVAL
        self.listeners: list[Callable[[], None]] = []
        """Called when `report` has changed. They must not block."""

    @property
    def report(self) -> PublicationReport:
        return PublicationReport(number=self._number, refused=self._refused, verdict=self._verdict)

    async def follow(self) -> None:
        """Looks every POLL_INTERVAL, until cancelled. While Temporal does not answer, everything stays as it is."""
        while True:
            await asyncio.sleep(POLL_INTERVAL)
            try:
                await self.look()
                self._is_reachable = True
            except RPCError as error:
                if self._is_reachable:
                    reason = error.message.splitlines()[0][:200] if error.message else str(error.status)
                    logger.warning("published versions cannot be read", reason=reason)
                self._is_reachable = False
            except Exception:  # a worker that does not follow any more would not be noticed
                if self._is_reachable:
                    logger.exception("published versions cannot be followed")
                self._is_reachable = False

    async def look(self) -> None:
        """Raises RPCError."""
        before = self.report
        try:
            await self._look()
        finally:
            if self.report != before:
                for notify in self.listeners:
                    notify()
        await self._keep()

    async def _look(self) -> None:
        if (later := await self._store.read_later(self._latest.number if self._latest else 0)) is not None:
            await self._take(later)
        elif self._latest is not None and self._refused is not None and time.monotonic() >= self._next_keep:
            self._next_keep = time.monotonic() + KEEP_INTERVAL
            await self._take(self._latest)  # the environment's file may have been mended
        candidate = await self._store.read_candidate()
        if candidate is not None and (self._verdict is None or self._verdict.candidate != candidate.id):
            self._verdict = await self._judge(candidate)

    async def _take(self, publication: Publication) -> None:
        if publication.content is None:
            self._latest, self._files, self._number, self._refused = publication, None, None, None
            logger.info("nothing is published any more", by=publication.by, reason=publication.reason)
            await self._live_catalogue.watch_files()
            return
        files, problems = await self._read_files(publication)
        if files is not None:
            try:
                await self._live_catalogue.take(PublishedFiles(publication.number, files))
            except CatalogueUnusable as unusable:
                problems = unusable.problems
        self._latest = publication
        if problems:
            shown, more = _shorten(problems)
            self._refused = RefusedPublication(number=publication.number, problems=shown, more=more)
            logger.error(
                "published version refused, the catalogue before it stays in force",
                published=publication.number,
                catalogue_version=publication.version,
                problems=list(problems[:MAX_LOGGED_PROBLEMS]),
                more=max(0, len(problems) - MAX_LOGGED_PROBLEMS),
            )
        else:
            self._files, self._number, self._refused = files, publication.number, None

    async def _judge(self, candidate: Candidate) -> CandidateVerdict:
        if candidate.publication.content is None:  # what is published is withdrawn
            return CandidateVerdict(candidate=candidate.id)
        files, problems = await self._read_files(candidate.publication)
        if files is not None:
            problems = await self._live_catalogue.judge(files)
        shown, more = _shorten(problems)
        if problems:
            logger.warning(
                "a version that is about to be published cannot be used here",
                catalogue_version=candidate.publication.version,
                problems=list(problems[:MAX_LOGGED_PROBLEMS]),
            )
        return CandidateVerdict(candidate=candidate.id, problems=shown, more=more)

    async def _read_files(self, publication: Publication) -> tuple[CatalogueFiles | None, Sequence[str]]:
        """The files, or what is wrong with them."""
        try:
            files = await self._store.read_files(publication)
        except UnreadablePack as unreadable:
            return None, (str(unreadable),)
        return (files, ()) if files is not None else (None, (MISSING_FILES,))

    async def _keep(self) -> None:
        """Once a minute, writes what somebody has terminated; once an hour, releases what is not kept any longer."""
        if self._latest is not None and self._refused is None and time.monotonic() >= self._next_keep:
            self._next_keep = time.monotonic() + KEEP_INTERVAL
            await self._write_again(self._latest)
        if time.monotonic() >= self._next_release:
            self._next_release = time.monotonic() + RELEASE_INTERVAL
            await self._store.release_unused()

    async def _write_again(self, publication: Publication) -> None:
        try:
            self._files = self._files or await self._store.read_files(publication)
            await self._store.keep(publication, self._files)
        except (ContentTooLarge, UnreadablePack) as error:
            logger.error("the published version cannot be kept", published=publication.number, reason=str(error))


def _shorten(problems: Sequence[str]) -> tuple[list[str], int]:
    shown = [problem[:MAX_PROBLEM_LENGTH] for problem in problems[:MAX_PROBLEMS]]
    return shown, len(problems) - len(shown)
