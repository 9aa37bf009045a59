"""Checks for an `output` or a `default_output` of a step that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.language.steps import StepKey, StepKind
from compiler.source.findings import Finding
from compiler.typecheck.expression_sites import ExpressionSite
from compiler.typecheck.type_checker import outputs_read

_WITHOUT_RESULT = frozenset({StepKind.WAIT, StepKind.MILESTONE})
_OWN_READERS = frozenset({"undo", "on_change"})


def check(index: DefinitionIndex) -> Iterator[Finding]:
    read = read_outputs(index)
    for name, group in index.step_groups.items():
        for step, definition in group.steps.items():
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


def read_outputs(index: DefinitionIndex, *, own: bool = True) -> set[StepKey]:
    """The steps whose outputs are read. `own`: also by their own `undo` and `on_change`."""
    found: set[StepKey] = set()
    for key, sites in index.step_expressions.items():
        for site in sites:
            for (_, workstream, step, _), _ in outputs_read(site.expression):
                found.add((workstream or key[0], step))
            if own and site.path[2] in _OWN_READERS and _reads_own_output(site):
                found.add(key)
    return found


def _reads_own_output(site: ExpressionSite) -> bool:
    try:
        return any(use.path[0] == "output" for use in path_uses(site.expression))
    except UnparsableError:
        return True
