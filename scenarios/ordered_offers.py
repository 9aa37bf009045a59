"""The offers that scenarios order, and the definitions that these offers can become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.catalogue_index import get_catalogue_index
from compiler.source.findings import OrderRejected
from scenarios.scenario_order import ScenarioEntry, submitted_order


def ordered_offers(scenarios: Iterable[ScenarioEntry], catalogue: Catalogue) -> frozenset[str]:
    """Ids of commercial products: those of the orders' lines, at every level."""
    by_code = {product.code: product.id for product in catalogue.products.values() if product.code}
    named = {name for entry in scenarios for name in _products_of(_order_of(entry, catalogue))}
    ids = {by_code.get(name, name) for name in named}
    return frozenset(name for name in ids if name in catalogue.products and catalogue.products[name].is_commercial)


def definitions_of(offers: Iterable[str], catalogue: Catalogue) -> frozenset[str]:
    """Ids of the offers, of the products and workstreams that they can become, and of the classes of all these."""
    index = get_catalogue_index(catalogue)
    products = set(offers)
    for offer in list(products):
        products |= index.reachable_products(offer)
    workstreams = {each.id for product in products for each in index.workstreams_by_product.get(product, ())}
    classes = {catalogue.products[product].product_class for product in products}
    return frozenset(products | workstreams | {each for each in classes if each is not None})


def _order_of(entry: ScenarioEntry, catalogue: Catalogue) -> dict[str, Any]:
    """Empty if there is no such order: then running the scenario says so."""
    try:
        return submitted_order(entry, catalogue)
    except OrderRejected:
        return {}


def _products_of(parent: Any) -> Iterator[str]:
    lines = parent.get("lines") if isinstance(parent, dict) else None
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict) and isinstance(line.get("product"), str):
            yield line["product"]
        yield from _products_of(line)
