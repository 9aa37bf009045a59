"""What goes round in a circle has no beginning: decomposition, bundles, and steps that wait for each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from compiler.catalogue.definition_index import StepKey, Survey
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding

N = TypeVar("N", bound=Hashable)


def check(survey: Survey) -> Iterator[Finding]:
    yield from _products(survey)
    yield from _steps(survey)
    yield from _dependencies(survey)


def _products(survey: Survey) -> Iterator[Finding]:
    graph = {name: [rule.product for rule in survey.rules_of(name)] for name in survey.definitions.products}
    for name, entry in survey.definitions.products.items():
        if isinstance(entry.model, CommercialProductDocument):
            graph[name] += [component.product for component in entry.model.components]
    for ring in rings(graph):
        entry = survey.definitions.products[ring[0]]
        message = f"products contain each other in a circle: {' → '.join([*ring, ring[0]])}"
        yield entry.finding("cycle-products", ("id",), message)


def _steps(survey: Survey) -> Iterator[Finding]:
    for ring in rings(survey.predecessors):
        workstream, step = ring[0]
        message = f"steps wait for each other in a circle: {_path(ring)}"
        yield survey.groups[workstream].entry.finding("cycle-steps", ("steps", step), message, key=True)


def _path(ring: Sequence[StepKey]) -> str:
    """In the order in which they would run; a step waits for the one before it."""
    ordered = [f"{workstream}.{step}" for workstream, step in reversed(ring)]
    return " → ".join([*ordered, ordered[0]])


def dependency_arrows(survey: Survey, product: str) -> dict[StepKey, list[StepKey]]:
    """The arrows that an offer's `dependencies` add: waiting step → steps waited for."""
    document = survey.definitions.products[product].model
    arrows: dict[StepKey, list[StepKey]] = {}
    if not isinstance(document, CommercialProductDocument) or not document.dependencies:
        return arrows
    for waiting, references in document.dependencies.items():
        for step in survey.steps_meant(StepReference(step=waiting), product) or []:
            for reference in references:
                if isinstance(reference, StepReference):
                    arrows.setdefault(step, []).extend(survey.steps_meant(reference, product) or [])
    return arrows


def _dependencies(survey: Survey) -> Iterator[Finding]:
    shared: dict[StepKey, list[StepKey]] = {}
    offers: dict[StepKey, str] = {}
    told = set()
    for product in sorted(survey.definitions.products):
        arrows = dependency_arrows(survey, product)
        for ring in _rings_through(arrows, survey.predecessors):
            told.add(frozenset(ring))
            yield _dependency_ring(survey, product, ring)
        for step, waited in arrows.items():
            if _once_an_order(survey, step):
                shared.setdefault(step, []).extend(other for other in waited if _once_an_order(survey, other))
                offers[step] = product
    for ring in _rings_through(shared, survey.predecessors):
        if frozenset(ring) not in told:
            offer = next(offers[step] for step in ring if step in offers)
            yield _dependency_ring(survey, offer, ring)


def _dependency_ring(survey: Survey, product: str, ring: Sequence[StepKey]) -> Finding:
    """At the last of the offer's dependencies that the circle goes through."""
    message = f"with this dependency steps wait for each other in a circle: {_path(ring)}"
    entry = survey.definitions.products[product]
    written = entry.document.data["dependencies"]
    waiting = [step for step in written if set(survey.steps_meant(StepReference(step=step), product) or ()) & set(ring)]
    path: KeyPath = ("dependencies", waiting[-1]) if waiting else ("dependencies",)
    return entry.finding("cycle-dependencies", path, message, key=True)


def _once_an_order(survey: Survey, step: StepKey) -> bool:
    """Whether the same instance serves every offer of an order."""
    return survey.groups[step[0]].per_of(step[1]) == "order"


def _rings_through(
    arrows: Mapping[StepKey, list[StepKey]], base: Mapping[StepKey, list[StepKey]]
) -> Iterator[list[StepKey]]:
    """Rings that the arrows close over what `base` says already; rings of `base` alone are told elsewhere."""
    graph: dict[StepKey, list[StepKey]] = {}
    waiting = list(arrows)
    while waiting:
        step = waiting.pop()
        if step not in graph:
            graph[step] = [*base.get(step, ()), *arrows.get(step, ())]
            waiting += graph[step]
    for ring in rings(graph):
        following = [*ring[1:], ring[0]]
        if any(there in arrows.get(here, ()) for here, there in zip(ring, following, strict=True)):
            yield ring


def rings(graph: Mapping[N, Sequence[N]]) -> Iterator[list[N]]:
    """Rings of the graph, each with a node that none before had, from its least node on. Iterative: chains are long."""
    done: set[N] = set()
    told: set[N] = set()
    for start, targets in graph.items():
        if start in done or not targets:
            continue
        path: list[N] = [start]
        on_path = {start: 0}
        branches = [iter(graph.get(start, ()))]
        while path:
            following = next(branches[-1], None)
            if following is None:
                branches.pop()
                left = path.pop()
                del on_path[left]
                done.add(left)
            elif following in on_path:
                ring = path[on_path[following] :]
                if not told.issuperset(ring):
                    told.update(ring)
                    least = ring.index(min(ring, key=str))
                    yield ring[least:] + ring[:least]
            elif following not in done and following in graph:
                on_path[following] = len(path)
                path.append(following)
                branches.append(iter(graph[following]))
