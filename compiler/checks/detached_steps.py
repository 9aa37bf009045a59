"""Checks for a step that makes something which no other step of its workstream waits for."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.cycles import dependency_edges
from compiler.checks.unread_outputs import read_outputs
from compiler.language.steps import CrossOrderReference, StepKey
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    connected = _connected_steps(index)
    for group in index.step_groups.values():
        for step, definition in group.steps.items():
            if definition.undo is None or (group.id, step) in connected:
                continue
            end = _single_end(index, group, step)
            if end is not None:
                message = (
                    f"no step waits for `{step}` or reads its output, and it waits for none, while the other steps "
                    f"all lead to `{end}`: is an `after: [{step}]` missing?"
                )
                yield group.entry.finding("step-detached", ("steps", step), message, key=True, severity="warning")


def _connected_steps(index: DefinitionIndex) -> set[StepKey]:
    """Steps that wait for another one, or that another one waits for or reads."""
    found = set(read_outputs(index, own=False))
    for step, before in index.predecessors.items():
        definition = index.step_groups[step[0]].steps[step[1]]
        if before or any(isinstance(one, CrossOrderReference) for one in definition.after):
            found.update((step, *before))
    for product in index.definitions.products:
        for step, before in dependency_edges(index, product).items():
            found.update((step, *before))
    return found


def _single_end(index: DefinitionIndex, group: StepGroup, step: str) -> str | None:
    """The end that all other steps for the same actions lead to; None if there are several, or no two such steps."""
    actions = group.line_actions(step)
    others = [name for name in group.steps if name != step and not actions.isdisjoint(group.line_actions(name))]
    inside = {name: [one for owner, one in index.predecessors[group.id, name] if owner == group.id] for name in others}
    ends = set(others) - {before for names in inside.values() for before in names}
    return ends.pop() if len(others) > 1 and len(ends) == 1 else None
