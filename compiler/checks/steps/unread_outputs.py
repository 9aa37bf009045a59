"""Checks for an `output` or a `default_output` of a step that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.language.steps import StepDefinition, StepKey, StepKind
from compiler.source.findings import Finding
from compiler.typecheck.expression_sites import ExpressionSite
from compiler.typecheck.output_access import outputs_read

_WITHOUT_RESULT = frozenset({StepKind.WAIT, StepKind.MILESTONE})
_OWN_READERS = frozenset({"undo", "on_change"})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    read = read_outputs(index)
    for name, group in index.step_groups.items():
        for step, definition in group.entry.cached("steps with outputs", None, partial(_steps_with_outputs, group)):
            if (name, step) in read:
                continue
            if definition.output is not None and definition.kind not in _WITHOUT_RESULT:
                message = f"nothing reads the output of `{step}`: `output` has no effect"
                yield group.entry.finding(
                    "output-unused", ("steps", step, "output"), message, key=True, severity="warning"
                )
            if definition.default_output is not None:
                message = f"nothing reads the output of `{step}`: `default_output` has no effect"
                path = ("steps", step, "default_output")
                yield group.entry.finding("output-unused", path, message, key=True, severity="warning")


def _steps_with_outputs(group: StepGroup) -> list[tuple[str, StepDefinition]]:
    return [
        (step, definition)
        for step, definition in group.steps.items()
        if definition.output is not None or definition.default_output is not None
    ]


def read_outputs(index: DefinitionIndex, *, own: bool = True) -> set[StepKey]:
    """The steps whose outputs are read. `own`: also by their own `undo` and `on_change`."""
    found: set[StepKey] = set()
    for group in index.step_groups.values():
        reads = group.entry.cached("outputs read", None, partial(_reads_in, index, group))
        found |= reads.others
        if own:
            found |= reads.own
    return found


class _Reads(NamedTuple):
    """What the steps of a workstream read: outputs of other steps, and of those that are undone or changed."""

    others: frozenset[StepKey]
    own: frozenset[StepKey]


def _reads_in(index: DefinitionIndex, group: StepGroup) -> _Reads:
    others, own = set(), set()
    for step in group.steps:
        for site in index.step_expressions[group.id, step]:
            for (_, workstream, read, _), _ in outputs_read(site.expression):
                others.add((workstream or group.id, read))
            if len(site.path) > 2 and site.path[2] in _OWN_READERS and _reads_own_output(site):
                own.add((group.id, step))
    return _Reads(frozenset(others), frozenset(own))


def _reads_own_output(site: ExpressionSite) -> bool:
    try:
        return any(use.path[0] == "output" for use in path_uses(site.expression))
    except UnparsableError:
        return True
