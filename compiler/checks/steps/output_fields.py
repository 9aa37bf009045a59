"""Checks that a field that is read of a step's output is one that the step's definition gives it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.language.steps import StepDefinition, StepKey
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at


class FieldRead(NamedTuple):
    """One read of a field of another step's output, which no `has` guards."""

    step: StepKey
    field: str
    path: KeyPath
    """Where it is read, in the document of the step that reads it."""
    offset: int


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        for read in field_reads(index, group):
            workstream, step = read.step
            other = index.step_groups.get(workstream)
            definition = other.steps.get(step) if other else None
            known = _known_fields(definition) if definition else None
            if known is not None and read.field not in known:
                near = did_you_mean(read.field, known) or f"; it has {', '.join(sorted(known)) or 'no field'}"
                location = group.entry.document.location_in_text(read.path, read.offset)
                message = f"the output of `{step}` has no `{read.field}`{near}"
                yield finding_at(location, "output-field-unknown", message, "warning")


def _known_fields(definition: StepDefinition) -> frozenset[str] | None:
    """The fields of the step's output; None if they are not known before it is done."""
    if definition.output is not None:
        fields = definition.output if isinstance(definition.output, dict) else None
    elif definition.manual is not None and definition.manual.form:
        fields = dict(definition.manual.form)
    else:
        fields = None
    if fields is None or not isinstance(definition.default_output, dict | None):
        return None
    return frozenset({*fields, *(definition.default_output or ())})


def field_reads(index: DefinitionIndex, group: StepGroup) -> list[FieldRead]:
    """What the steps of this group read."""
    return group.entry.cached("output fields read", None, partial(_find_field_reads, index, group))


def _find_field_reads(index: DefinitionIndex, group: StepGroup) -> list[FieldRead]:
    found = []
    for step in group.steps:
        for site in index.step_expressions[group.id, step]:
            try:
                uses = path_uses(site.expression)
            except UnparsableError:
                continue
            for use in uses:
                path = use.path
                at = {"steps": 2, "workstreams": 3}.get(path[0])
                if at is None or len(path) < at + 2 or path[at] != "output" or use.is_has_test:
                    continue
                if path[: at + 2] in use.guarded_paths:
                    continue
                owner = group.id if at == 2 else path[1]
                offset = site.offset + use.part_offsets[at]
                found.append(FieldRead((owner, path[at - 1]), path[at + 1], site.path, offset))
    return found
