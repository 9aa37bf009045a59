"""Checks that a step only uses outputs of steps that are before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.references.cycles import dependency_edges
from compiler.graph import walk
from compiler.language.documents import TechnicalProductDocument
from compiler.language.steps import StepKey
from compiler.source.findings import Finding, finding_at
from compiler.typecheck.output_access import outputs_read


def check(index: DefinitionIndex) -> Iterator[Finding]:
    order = _StepOrder(index)
    for group in index.step_groups.values():
        if not group.facts.reads_only_predecessors:
            yield from _check_group(index, group, order)


def _check_group(index: DefinitionIndex, group: StepGroup, order: _StepOrder) -> Iterator[Finding]:
    for step in [(group.id, name) for name in group.steps]:
        for site in index.step_expressions[step]:
            outputs = outputs_read(site.expression)
            if not outputs or site.path[-2:] == ("wait", "condition"):
                continue
            for (_, other, read, many), offset in outputs:
                key = (other or step[0], read)
                at = site.offset + offset
                if read not in index.steps_by_workstream.get(key[0], ()):
                    continue
                if not order.is_before(key, step):
                    if not order.is_uncertain(step):
                        yield _not_before_finding(index, step, key, site.path, at)
                elif not many and may_have_several(index, step, key):
                    yield _several_finding(index, step, key, site.path, at)


_NEARBY_STEPS = 32
"""Predecessors to search before all edges of the catalogue are collected."""


class _StepOrder:
    """Which step is before which in any plan."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index
        self._later_cache: dict[StepKey, set[StepKey]] = {}

    @cached_property
    def _successors(self) -> dict[StepKey, list[StepKey]]:
        found: dict[StepKey, list[StepKey]] = {}
        for step, before in _all_edges(self._index).items():
            for one in before:
                found.setdefault(one, []).append(step)
        return found

    def is_uncertain(self, step: StepKey) -> bool:
        """Whether the predecessors of `step` are not certain: a reference is unknown, or there is a cycle."""
        predecessors, unknown = self._index.predecessors, self._index.steps_with_unknown_refs
        return any(step in predecessors[one] or one in unknown for one in walk([step], lambda one: predecessors[one]))

    def is_before(self, earlier: StepKey, step: StepKey) -> bool:
        near, looked = [step], 0
        while near and looked < _NEARBY_STEPS:
            before = self._index.predecessors[near.pop()]
            if earlier in before and earlier != step:
                return True
            near += before
            looked += 1
        if earlier not in self._later_cache:
            following = self._successors.get(earlier, ())
            self._later_cache[earlier] = set(walk(following, lambda one: self._successors.get(one, ())))
        return step in self._later_cache[earlier]


def _not_before_finding(
    index: DefinitionIndex, step: StepKey, read: StepKey, path: tuple[str | int, ...], offset: int
) -> Finding:
    location = index.step_groups[step[0]].entry.document.location_in_text(path, offset)
    name = read[1] if read[0] == step[0] else f"{read[0]}.{read[1]}"
    if read == step:
        return finding_at(location, "output-not-before", "a step cannot use its own output: it does not exist yet")
    message = f"`{name}` is not before `{step[1]}`, so its output may not exist: add `after: [{name}]`"
    return finding_at(location, "output-not-before", message)


def _several_finding(
    index: DefinitionIndex, step: StepKey, read: StepKey, path: tuple[str | int, ...], offset: int
) -> Finding:
    location = index.step_groups[step[0]].entry.document.location_in_text(path, offset)
    whole = ".".join(read)
    message = f"there may be several of `{whole}` here: write `workstreams.{whole}.outputs`, which is a list"
    return finding_at(location, "output-several", message)


def may_have_several(index: DefinitionIndex, reader: StepKey, read: StepKey) -> bool:
    """Whether one instance of `reader` may have several instances of `read` before it."""
    reader_per, read_per = (index.step_groups[workstream].step_per(step) for workstream, step in (reader, read))
    if read_per == "order" or reader_per == read_per != "line":
        return False
    if read_per != "line":
        return reader_per != "line"
    return reader_per != "line" or _has_more_lines(
        index, index.step_groups[reader[0]].products, index.step_groups[read[0]].products
    )


def _has_more_lines(index: DefinitionIndex, own_products: tuple[str, ...], read_products: tuple[str, ...]) -> bool:
    """Whether `per: unit` or `for_each` may create several lines of a read product that are not above the own lines."""
    for product in read_products:
        document = index.definitions.products[product].model
        counted = isinstance(document, TechnicalProductDocument) and document.per == "unit"
        listed = any(rule.for_each for _, rule in index.rules_by_target.get(product, ()))
        if (counted or listed) and not index.reachable_products(product).intersection(own_products):
            return True
    return False


def _all_edges(index: DefinitionIndex) -> dict[StepKey, list[StepKey]]:
    """Every edge that any plan may have: those of the steps' `after` and those of offers."""
    edges = {step: list(before) for step, before in index.predecessors.items()}
    for product in index.definitions.products:
        for step, before in dependency_edges(index, product).items():
            edges[step] += before
    return edges
