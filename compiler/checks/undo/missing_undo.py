"""Checks for calls that make something and have no `undo`, though a failure policy undoes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.references.cycles import dependency_edges
from compiler.checks.undo.making_calls import makes_by_call
from compiler.checks.undo.rollback_scope import RollbackScope, undoing_rules
from compiler.graph import walk
from compiler.language.documents import CommercialProductDocument
from compiler.language.steps import LineAction, ReliedFailure, StepDefinition, StepKey
from compiler.source.findings import Finding


class _Cause(NamedTuple):
    """Why steps may be undone: the step with the failure policy, None for lines that rely on others; and in words."""

    step: StepKey | None
    words: str


def check(index: DefinitionIndex) -> Iterator[Finding]:
    causes = _Causes(index)
    for name, group in index.step_groups.items():
        for step in group.entry.cached("calls without undo", None, partial(_calls_without_undo, group)):
            cause = causes.redo_of((name, step)) or causes.rollback_of((name, step), group.products)
            if cause is not None:
                message = f"`{step}` has no `undo`, and {cause.words}: what this call makes would stay"
                yield group.entry.finding("undo-missing", ("steps", step), message, key=True, severity="warning")


def _calls_without_undo(group: StepGroup) -> list[str]:
    """The steps for `add` that make something, and nothing takes it back."""
    return [
        step
        for step, definition in group.steps.items()
        if _makes_something(definition) and LineAction.ADD in group.line_actions(step)
    ]


def _makes_something(definition: StepDefinition) -> bool:
    return makes_by_call(definition) and definition.undo is None and not definition.point_of_no_return


class _Causes:
    """The failure policies of a catalogue, and what they undo."""

    def __init__(self, index: DefinitionIndex) -> None:
        self._index = index
        self._scope = RollbackScope(index)

    def redo_of(self, step: StepKey) -> _Cause | None:
        """A later step of the same workstream that does this one again."""
        workstream, name = step
        for failed, _, rule in undoing_rules(self._index.step_groups[workstream]):
            if rule.redo_from is None or failed == name or not self._is_before(step, (workstream, failed)):
                continue
            start = (workstream, rule.redo_from)
            if start == step or self._is_before(start, step):
                return _Cause((workstream, failed), f"`{failed}` does it again with `redo_from: {rule.redo_from}`")
        return None

    def rollback_of(self, step: StepKey, products: tuple[str, ...]) -> _Cause | None:
        """A failure policy that rolls back lines with this step, at a time when it may be done."""
        for product in products:
            for cause in self._by_product.get(product, ()):
                if cause.step is None or (cause.step != step and not self._is_before(cause.step, step)):
                    return cause
        return None

    @cached_property
    def _by_product(self) -> Mapping[str, list[_Cause]]:
        """Product → what rolls back its lines."""
        found: dict[str, list[_Cause]] = {}
        for name, group in self._index.step_groups.items():
            for step, _, rule in undoing_rules(group):
                if rule.rollback is not None:
                    cause = _Cause((name, step), f"`{name}.{step}` has `rollback: {rule.rollback}`")
                    for product in self._scope.rolled_back(group.products, rule.rollback):
                        found.setdefault(product, []).append(cause)
        for name, entry in self._index.definitions.products.items():
            relied = isinstance(entry.model, CommercialProductDocument) and entry.model.on_relied_failure
            if relied == ReliedFailure.ROLLBACK:
                cause = _Cause(None, f"`{name}` has `on_relied_failure: rollback`")
                for product in self._scope.below([name], components=False):
                    found.setdefault(product, []).append(cause)
        return found

    def _is_before(self, earlier: StepKey, step: StepKey) -> bool:
        """Whether `step` waits for `earlier`, directly or through others."""
        return any(one == earlier for one in walk(self._before(step), self._before))

    def _before(self, step: StepKey) -> list[StepKey]:
        return [*self._index.predecessors.get(step, ()), *self._dependencies.get(step, ())]

    @cached_property
    def _dependencies(self) -> Mapping[StepKey, list[StepKey]]:
        found: dict[StepKey, list[StepKey]] = {}
        for product in self._index.definitions.products:
            for step, before in dependency_edges(self._index, product).items():
                found.setdefault(step, []).extend(before)
        return found
