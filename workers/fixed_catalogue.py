"""A catalogue that never changes, for workers that run one catalogue only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from activities.compilation.live_catalogue import CatalogueSnapshot, LiveCatalogue
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from compiler.catalogue.catalogue import Catalogue
from compiler.language.systems import System

_sequence = count(1_000_000)


class FixedCatalogue(LiveCatalogue):
    def __init__(self, catalogue: Catalogue, systems: Mapping[str, System]) -> None:
        """`systems`: as they are called, with literal addresses. Receivers are not reached."""
        resolved = {name: resolve_system(system, {}) for name, system in systems.items()}
        self._current = CatalogueSnapshot(catalogue, resolved, next(_sequence))
        self._refusal = None

    async def refresh(self) -> CatalogueSnapshot:
        return self._current

    def system(self, id_: str) -> ResolvedSystem | None:
        return self._current.systems.get(id_)
