"""Which systems of a catalogue are pretended, read anew when its files change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import structlog

from compiler.incremental_loader import CatalogueLoader
from compiler.language.systems import System
from compiler.source.findings import CatalogueInvalid, did_you_mean

logger = structlog.get_logger("pretend")

ALL = "all"
"""Every system that has an `example`."""
POLL_INTERVAL = 0.5
"""Seconds between two looks at the files."""


class NotPretendable(Exception):
    """A system that cannot be pretended; the message says why and what to do."""


def select_systems(systems: Mapping[str, System], names: Sequence[str]) -> dict[str, System]:
    """The systems that `names` names, or all that have an `example`. Raises NotPretendable."""
    with_example = {name: system for name, system in systems.items() if system.example}
    if ALL in names:
        if not with_example:
            raise NotPretendable(
                "No system of the catalogue has an `example`, so none can be pretended. Give one to each system that "
                "does not exist yet (docs/language.md, Example answers)."
            )
        return with_example
    for name in names:
        if name not in systems:
            known = did_you_mean(name, systems) or f"; there are {', '.join(sorted(systems))}"
            raise NotPretendable(f"The catalogue has no system `{name}`{known}")
        if name not in with_example:
            raise NotPretendable(
                f"System `{name}` has no `example`, so it cannot be pretended. Write its answers into its definition, "
                'such as `example: {post: /orders, status: 201, body: {id: "${number}"}}` (docs/language.md, Example '
                "answers)."
            )
    return {name: with_example[name] for name in names}


def read_systems(definitions: Path, names: Sequence[str]) -> dict[str, System]:
    """Raises CatalogueInvalid, also for mistakes in examples, and NotPretendable."""
    loaded = CatalogueLoader(definitions).load()
    mistakes = [finding for finding in loaded.definition_findings if finding.severity == "error"]
    if mistakes:
        raise CatalogueInvalid(mistakes)
    return select_systems(loaded.catalogue.systems, names)


def _stamps(definitions: Path) -> dict[str, tuple[int, int]]:
    """What changes when a file below the folder does."""
    found = {}
    for file in definitions.rglob("*.y*ml"):
        try:
            stat = file.stat()
        except OSError:
            continue
        found[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return found


async def watch_systems(
    definitions: Path, names: Sequence[str], use: Callable[[Mapping[str, System]], Awaitable[None]]
) -> None:
    """Calls `use` with the systems after each edit that is valid, until cancelled."""
    before = _stamps(definitions)
    while True:
        await asyncio.sleep(POLL_INTERVAL)
        now = await asyncio.to_thread(_stamps, definitions)
        if now == before:
            continue
        before = now
        try:
            systems = await asyncio.to_thread(read_systems, definitions, names)
        except (CatalogueInvalid, NotPretendable) as error:
            logger.warning("the edit is not used by pretend systems", reason=str(error).splitlines()[0])
            continue
        await use(systems)
