"""Checks for cycles: products that contain each other, and steps that wait for each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.graph import find_cycles, walk
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import StepKey, StepReference
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    yield from _check_products(index)
    yield from _check_steps(index)
    yield from _check_dependencies(index)


def _check_products(index: DefinitionIndex) -> Iterator[Finding]:
    for cycle in find_cycles({name: index.product_targets(name) for name in index.definitions.products}):
        entry = index.definitions.products[cycle[0]]
        message = f"products contain each other in a cycle: {' → '.join([*cycle, cycle[0]])}"
        yield entry.finding("cycle-products", ("id",), message)


def _check_steps(index: DefinitionIndex) -> Iterator[Finding]:
    groups = [group for group in index.step_groups.values() if _may_be_in_cycle(group)]
    steps = [(group.id, step) for group in groups for step in group.steps]
    for cycle in find_cycles({step: index.predecessors[step] for step in steps}):
        workstream, step = cycle[0]
        message = f"steps wait for each other in a cycle: {_format_cycle(cycle)}"
        yield index.step_groups[workstream].entry.finding("cycle-steps", ("steps", step), message, key=True)


def _may_be_in_cycle(group: StepGroup) -> bool:
    """False for nearly all groups, which name no other and are in order themselves."""
    return group.facts.names_other_steps or group.facts.order is None


def _format_cycle(cycle: Sequence[StepKey]) -> str:
    """In the order in which the steps would run: each waits for the one before it."""
    ordered = [f"{workstream}.{step}" for workstream, step in reversed(cycle)]
    return " → ".join([*ordered, ordered[0]])


def dependency_edges(index: DefinitionIndex, product: str) -> dict[StepKey, list[StepKey]]:
    """The edges that an offer's `dependencies` add: step → the steps that it waits for."""
    document = index.definitions.products[product].model
    edges: dict[StepKey, list[StepKey]] = {}
    if not isinstance(document, CommercialProductDocument) or not document.dependencies:
        return edges
    for waiting, references in document.dependencies.items():
        for step in index.resolve_reference(waiting, product) or []:
            for reference in references:
                if isinstance(reference, StepReference):
                    edges.setdefault(step, []).extend(index.resolve_reference(reference.step, product) or [])
    return edges


def _check_dependencies(index: DefinitionIndex) -> Iterator[Finding]:
    shared: dict[StepKey, list[StepKey]] = {}
    offers: dict[StepKey, str] = {}
    reported = set()
    for product in sorted(index.definitions.products):
        edges = dependency_edges(index, product)
        if not edges:
            continue
        if _may_close_cycle(index, edges):
            for cycle in _cycles_through(edges, index.predecessors):
                reported.add(frozenset(cycle))
                yield _dependency_cycle_finding(index, product, cycle)
        for step, predecessors in edges.items():
            if _is_once_per_order(index, step):
                shared.setdefault(step, []).extend(other for other in predecessors if _is_once_per_order(index, other))
                offers[step] = product
    for cycle in _cycles_through(shared, index.predecessors) if shared else ():
        if frozenset(cycle) not in reported:
            offer = next(offers[step] for step in cycle if step in offers)
            yield _dependency_cycle_finding(index, offer, cycle)


def _may_close_cycle(index: DefinitionIndex, edges: Mapping[StepKey, list[StepKey]]) -> bool:
    """False for nearly all offers: their dependencies lead from workstream to workstream, and never back."""
    between: dict[str, list[str]] = {}
    for (workstream, _), before in edges.items():
        between.setdefault(workstream, []).extend(other for other, _ in before)
    groups = [index.step_groups[name] for name in {*between, *chain.from_iterable(between.values())}]
    return any(group.facts.names_other_steps for group in groups) or next(find_cycles(between), None) is not None


def _dependency_cycle_finding(index: DefinitionIndex, product: str, cycle: Sequence[StepKey]) -> Finding:
    """The finding, at the last of the offer's dependencies that are part of the cycle."""
    message = f"with this dependency steps wait for each other in a cycle: {_format_cycle(cycle)}"
    entry = index.definitions.products[product]
    written = entry.document.data["dependencies"]
    waiting = [step for step in written if set(index.resolve_reference(step, product) or ()) & set(cycle)]
    path: KeyPath = ("dependencies", waiting[-1]) if waiting else ("dependencies",)
    return entry.finding("cycle-dependencies", path, message, key=True)


def _is_once_per_order(index: DefinitionIndex, step: StepKey) -> bool:
    """Whether the same instance serves every offer of an order."""
    return index.step_groups[step[0]].step_per(step[1]) == "order"


def _cycles_through(
    edges: Mapping[StepKey, list[StepKey]], base: Mapping[StepKey, list[StepKey]]
) -> Iterator[list[StepKey]]:
    """Cycles that need at least one of `edges`. Cycles in `base` alone are reported by `_check_steps`."""

    graph: dict[StepKey, list[StepKey]] = {}

    def successors(step: StepKey) -> list[StepKey]:
        graph[step] = [*base.get(step, ()), *edges.get(step, ())]
        return graph[step]

    deque(walk(edges, successors), maxlen=0)
    for cycle in find_cycles(graph):
        following = [*cycle[1:], cycle[0]]
        if any(predecessor in edges.get(step, ()) for step, predecessor in zip(cycle, following, strict=True)):
            yield cycle
