"""Checks for a step that makes something which no other step of its workstream waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.checks.references.cycles import dependency_edges
from compiler.checks.steps.unread_outputs import read_outputs
from compiler.language.steps import CrossOrderReference, StepDefinition, StepKey, StepKind, StepReference
from compiler.source.findings import Finding

_WITHOUT_WORK = frozenset({StepKind.MILESTONE, StepKind.WAIT})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    connected: set[StepKey] | None = None
    for group in index.step_groups.values():
        for step, end in group.entry.cached("detached steps", None, partial(_detached_in_group, group)):
            connected = _connected_steps(index) if connected is None else connected
            if (group.id, step) not in connected:
                message = (
                    f"no step waits for `{step}` or reads its output, and it waits for none, while all others lead "
                    f"to `{end}`: is an `after: [{step}]` missing?"
                )
                yield group.entry.finding("step-detached", ("steps", step), message, key=True, severity="warning")


def _detached_in_group(group: StepGroup) -> list[tuple[str, str]]:
    """The steps that the group's own `after` leave alone, each with the end that all others lead to."""
    before = {step: _named_before(group, definition) for step, definition in group.steps.items()}
    found = []
    for step, definition in group.steps.items():
        if definition.undo is None or definition.after or any(step in names for names in before.values()):
            continue
        end = _single_end(group, step, before)
        if end is not None:
            found.append((step, end))
    return found


def _named_before(group: StepGroup, definition: StepDefinition) -> set[str]:
    """The steps of the same group that a step names in `after`."""
    prefix = f"{group.id}."
    names = (one.step.removeprefix(prefix) for one in definition.after if isinstance(one, StepReference))
    return {name for name in names if name in group.steps}


def _single_end(group: StepGroup, step: str, before: Mapping[str, set[str]]) -> str | None:
    """The end that all other steps for the same actions lead to; None if there are several, or if it does no work."""
    actions = group.line_actions(step)
    others = [name for name in group.steps if name != step and not actions.isdisjoint(group.line_actions(name))]
    ends = set(others).difference(*(before[name] for name in others))
    end = ends.pop() if len(ends) == 1 else None
    return end if end is not None and (len(others) > 1 or group.steps[end].kind not in _WITHOUT_WORK) else None


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
