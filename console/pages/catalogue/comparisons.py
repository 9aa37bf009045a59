"""Differences between versions of the catalogue, kept in memory: they never change, and take seconds to find."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from compiler.diff.change import CatalogueDiff
from compiler.diff.compare_catalogues import diff_catalogues
from compiler.loaded_definitions import LoadedDefinitions

KEPT = 16


class Comparisons:
    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], CatalogueDiff] = OrderedDict()
        self._comparing = asyncio.Lock()

    async def compare(
        self, old_digest: str, old: LoadedDefinitions, new_digest: str, new: LoadedDefinitions
    ) -> CatalogueDiff:
        """The digests are those of the files."""
        key = (old_digest, new_digest)
        async with self._comparing:
            if key not in self._known:
                self._known[key] = await asyncio.to_thread(diff_catalogues, old, new)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return self._known[key]
