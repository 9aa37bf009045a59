"""The first page of the catalogue: what is in force, on which workers, what they refuse, and the offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from compiler.catalogue.catalogue import Catalogue, Product
from compiler.explain_offer import explain_offer
from console.presenting.catalogue.places import FindingText, PlaceNames, finding_text
from operations.publishing.catalogue_in_force import CatalogueInForce
from views.infrastructure.deployed_catalogue import short_version
from views.shared.value_format import pluralize
from workflows.contract.catalogue_messages import WorkerCatalogue

MAX_EXPLAINED = 300
"""Offers whose steps are counted: it takes a millisecond for each."""


@dataclass(frozen=True)
class InForce:
    title: str
    """`Version 7`, or `Read from the workers' own folders`."""
    version: str
    """The whole SHA-256, as orders carry it."""
    short_version: str
    since: datetime
    number: int | None
    by: str
    reason: str
    sizes: str
    """`3 offers, 12 technical products, 9 workstreams, 6 systems`."""


@dataclass(frozen=True)
class WorkerRow:
    worker: str
    folder: str
    state: str
    tone: str
    short_version: str
    since: datetime
    reported_at: datetime


@dataclass(frozen=True)
class Refusal:
    """What a worker has not taken."""

    title: str
    since: datetime | None
    folder: str
    findings: tuple[FindingText, ...]
    more: int


@dataclass(frozen=True)
class ProductRow:
    id: str
    name: str
    code: str
    product_class: str
    attributes: int
    becomes: str
    """`4 products`; empty if it becomes nothing else."""
    steps: int | None
    """None: not counted."""


def in_force(found: CatalogueInForce) -> InForce:
    publication, catalogue = found.publication, found.catalogue
    return InForce(
        title=f"Version {publication.number}" if publication else "The workers' own definitions",
        version=catalogue.version,
        short_version=short_version(catalogue.version),
        since=found.since,
        number=publication.number if publication else None,
        by=publication.by if publication else "",
        reason=publication.reason if publication else "",
        sizes=", ".join(_sizes(catalogue)),
    )


def _sizes(catalogue: Catalogue) -> Iterator[str]:
    commercial = sum(product.is_commercial for product in catalogue.products.values())
    yield pluralize(commercial, "offer")
    yield pluralize(len(catalogue.products) - commercial, "technical product")
    yield pluralize(len(catalogue.workstreams), "workstream")
    yield pluralize(len(catalogue.systems), "system")


def worker_rows(workers: Sequence[WorkerCatalogue], found: CatalogueInForce | None) -> list[WorkerRow]:
    return [
        WorkerRow(
            worker.worker,
            worker.definitions,
            *_worker_state(worker, found),
            short_version(worker.version),
            worker.since,
            worker.reported_at,
        )
        for worker in workers
    ]


def _worker_state(worker: WorkerCatalogue, found: CatalogueInForce | None) -> tuple[str, str]:
    """In words, and as a tone."""
    publication = found.publication if found else None
    report = worker.publications
    if publication is not None and report is None:
        return "runs an earlier release, which takes no published versions", "bad"
    if publication is not None and report is not None and report.number != publication.number:
        return f"has not taken version {publication.number}", "bad" if report.refused else "warn"
    if worker.refused is not None:
        return "refuses the last edit of its folder", "warn"
    if found is not None and worker.version != found.catalogue.version:
        return "has another catalogue in force", "warn"
    return "in force", "good"


def refusals(workers: Sequence[WorkerCatalogue]) -> list[Refusal]:
    """Workers of the same folder refuse the same edit, which is told once."""
    places = PlaceNames(worker.definitions for worker in workers)
    by_folder = {worker.definitions: worker for worker in reversed(workers)}
    edits = [
        Refusal(
            "The last edit of the definitions is refused. What was in force before stays in force",
            worker.refused.since,
            worker.definitions,
            tuple(finding_text(text, places) for text in worker.refused.findings),
            worker.refused.more,
        )
        for worker in by_folder.values()
        if worker.refused is not None
    ]
    published = [
        Refusal(
            f"Worker {worker.worker} refuses version {refused.number}. What was in force there before stays in force",
            None,
            worker.definitions,
            tuple(finding_text(text, places) for text in refused.problems),
            refused.more,
        )
        for worker in workers
        if worker.publications is not None and (refused := worker.publications.refused) is not None
    ]
    return [*edits, *published]


def product_rows(catalogue: Catalogue, *, commercial: bool, search: str = "") -> list[ProductRow]:
    """Those whose id, name or code contains all words of `search`, by name."""
    words = search.casefold().split()
    chosen = [
        product
        for product in catalogue.products.values()
        if product.is_commercial is commercial and _fits(product, words)
    ]
    counts_steps = len(chosen) <= MAX_EXPLAINED
    rows = [_product_row(product, catalogue, counts_steps=counts_steps) for product in chosen]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.id))


def _fits(product: Product, words: Sequence[str]) -> bool:
    text = f"{product.id} {product.name} {product.code or ''}".casefold()
    return all(word in text for word in words)


def _product_row(product: Product, catalogue: Catalogue, *, counts_steps: bool) -> ProductRow:
    structure = explain_offer(product, catalogue) if counts_steps else None
    below = len(structure.products) - 1 if structure else len({rule.product for rule in product.decomposes_to})
    return ProductRow(
        id=product.id,
        name=product.name,
        code=product.code or "",
        product_class=product.product_class or "",
        attributes=len(product.attributes),
        becomes=pluralize(below, "product") if below else "",
        steps=len(structure.steps) if structure else None,
    )
