"""How much of each offer the scenarios reach, and what none of them does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.catalogue_index import get_catalogue_index
from compiler.catalogue.definition_index import DefinitionIndex
from scenarios.coverage.items import Item, ItemKind, Key, coverage_items, offer_products


@dataclass(frozen=True, slots=True)
class OfferCoverage:
    offer: str
    reached: Counter[ItemKind]
    total: Counter[ItemKind]

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.reached.total() / self.total.total() if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Unreached:
    item: Item
    offers: tuple[str, ...]
    """The offers that it is a part of."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    offers: list[OfferCoverage]
    unreached: list[Unreached]
    reached: int
    total: int


def coverage_report(
    catalogue: Catalogue,
    index: DefinitionIndex,
    reached: Iterable[frozenset[Key]],
    only: frozenset[str] | None = None,
) -> CoverageReport:
    """`reached`: the keys of each scenario. `only`: the offers that the report is about; all, if None."""
    keys = frozenset().union(*reached)
    wanted = offer_products(catalogue).keys() if only is None else only
    owners = _offers_of_owners(catalogue)
    items = [item for item in coverage_items(catalogue, index) if wanted & set(owners.get(item.owner, ()))]
    offers = [
        _offer_coverage(offer, [item for item in items if offer in owners.get(item.owner, ())], keys)
        for offer in offer_products(catalogue)
        if offer in wanted
    ]
    unreached = [Unreached(item, owners.get(item.owner, ())) for item in items if item.key not in keys]
    return CoverageReport(offers, unreached, len(items) - len(unreached), len(items))


def _offers_of_owners(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Product or workstream → the offers that can become it."""
    by_product = get_catalogue_index(catalogue).workstreams_by_product
    owners: dict[str, dict[str, None]] = {}
    for offer, products in offer_products(catalogue).items():
        for product in sorted(products):
            owners.setdefault(product, {})[offer] = None
            for workstream in by_product.get(product, ()):
                owners.setdefault(workstream.id, {})[offer] = None
    return {owner: tuple(sorted(offers)) for owner, offers in owners.items()}


def _offer_coverage(offer: str, items: Sequence[Item], keys: frozenset[Key]) -> OfferCoverage:
    return OfferCoverage(
        offer,
        Counter(item.kind for item in items if item.key in keys),
        Counter(item.kind for item in items),
    )
