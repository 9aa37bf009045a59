"""Catalogues of other versions than the one in force, for amendments that keep an order's version."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from temporalio.service import RPCError

from activities.compilation.live_catalogue import CatalogueSnapshot, LiveCatalogue
from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack
from compiler.source.findings import CatalogueInvalid

MAX_CACHED = 4
MAX_REASONS = 3
"""Problems that a message names."""

ReadDefinitions = Callable[[str], Awaitable[bytes | None]]
"""Catalogue version → PackedCatalogue.definitions; None if it is not kept. Raises RPCError."""


class VersionUnusable(Exception):
    """The message says why."""


class CatalogueVersions:
    def __init__(self, live_catalogue: LiveCatalogue, read_definitions: ReadDefinitions) -> None:
        self._live_catalogue = live_catalogue
        self._read_definitions = read_definitions
        self._cache: OrderedDict[tuple[str, int], Catalogue] = OrderedDict()
        """By version and by the catalogue in force, whose systems it has."""

    async def read(self, version: str | None) -> Catalogue:
        """The catalogue with this version, with the systems and receivers that are in force. None: what is in force.

        Raises VersionUnusable.
        """
        in_force = await self._live_catalogue.refresh()
        if version is None or version == in_force.catalogue.version:
            return in_force.catalogue
        key = (version, in_force.sequence)
        if key not in self._cache:
            self._cache[key] = await self._read(version, in_force)
            if len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    async def _read(self, version: str, in_force: CatalogueSnapshot) -> Catalogue:
        try:
            definitions = await self._read_definitions(version)
        except (RPCError, UnreadablePack) as error:
            raise VersionUnusable(f"catalogue version {version} cannot be read: {error}") from None
        if definitions is None:
            raise VersionUnusable(f"catalogue version {version} is not kept any more")
        environment = in_force.packed.environment if in_force.packed is not None else b""
        packed = PackedCatalogue(version, definitions, environment)
        try:
            catalogue = await asyncio.to_thread(unpack_catalogue, packed)
        except CatalogueInvalid as invalid:
            raise _unusable(version, [str(finding) for finding in invalid.errors]) from None
        except UnreadablePack as unreadable:
            raise _unusable(version, [str(unreadable)]) from None
        if catalogue.version != version:
            raise _unusable(version, [f"this release reads it as another one, {catalogue.version}"])
        return catalogue


def _unusable(version: str, problems: Sequence[str]) -> VersionUnusable:
    more = f" (and {len(problems) - MAX_REASONS} more)" if len(problems) > MAX_REASONS else ""
    return VersionUnusable(
        f"catalogue version {version} cannot be used with the systems in force: "
        f"{'; '.join(problems[:MAX_REASONS])}{more}"
    )
