"""Checks for failure policies that a point of no return keeps from undoing anything."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.undo.rollback_scope import RollbackScope, undoing_rules
from compiler.graph import walk
from compiler.language.steps import LineScope, StepKey
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        for step, position, rule in undoing_rules(group):
            passed = _passed_before(index, group, step)
            found, key = None, "redo_from"
            if rule.redo_from is not None:
                found = _passed_by_redo(index, passed, (group.id, rule.redo_from))
            elif rule.rollback is not None:
                found, key = _passed_by_rollback(index, group, passed, rule.rollback), "rollback"
            if found is not None:
                message = f"this never undoes anything: `{found[1]}` before it is a point of no return"
                path = ("steps", step, "on_failure", position, key)
                yield group.entry.finding("undo-never", path, message, severity="warning")


def _passed_before(index: DefinitionIndex, group: StepGroup, step: str) -> list[StepKey]:
    """The points of no return of the workstream that are certainly passed when the step starts."""
    actions = group.line_actions(step)
    return [
        (group.id, other)
        for workstream, other in sorted(_before(index, (group.id, step)))
        if workstream == group.id
        and group.steps[other].point_of_no_return
        and group.steps[other].when is None
        and group.line_actions(other) >= actions
    ]


def _passed_by_redo(index: DefinitionIndex, passed: list[StepKey], start: StepKey) -> StepKey | None:
    """A point of no return among the steps that would be done again from `start`."""
    return next((one for one in passed if one == start or start in _before(index, one)), None)


def _passed_by_rollback(
    index: DefinitionIndex, group: StepGroup, passed: list[StepKey], scope: LineScope
) -> StepKey | None:
    """A point of no return that leaves nothing to undo: it stays, and so does what it needed."""
    if not passed:
        return None
    products = RollbackScope(index).rolled_back(group.products, scope)
    undoable = {
        (other.id, step)
        for other in index.step_groups.values()
        if not products.isdisjoint(other.products)
        for step, definition in other.steps.items()
        if definition.undo is not None
    }
    return next((one for one in passed if undoable <= {one, *_before(index, one)}), None)


def _before(index: DefinitionIndex, step: StepKey) -> set[StepKey]:
    """The steps that `step` waits for, directly or through others."""
    return set(walk(index.predecessors.get(step, ()), lambda one: index.predecessors.get(one, ())))
