"""Warns of `on_change: {call: …}` whose response, as the step's new output, may lack a field that is read of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.cel.syntax_tree import UnparsableError, path_uses
from compiler.checks.steps.output_fields import field_reads
from compiler.checks.systems.example_coverage import may_answer
from compiler.language.example_answers import ExampleAnswer
from compiler.language.http_words import HttpMethod
from compiler.language.steps import CallDefinition, InPlaceUpdate, StepDefinition, StepKey, StepKind
from compiler.source.findings import Finding

CODE = "change-loses-output"
Readers = dict[str, str]
"""Field of an output → who reads it first, for a message."""


class _OwnRead(NamedTuple):
    step: StepKey
    field: str
    reader: str


def check(index: DefinitionIndex) -> Iterator[Finding]:
    changed = [
        (group, step, definition, definition.on_change.call)
        for group in index.step_groups.values()
        for step, definition in group.steps.items()
        if definition.output is None and isinstance(definition.on_change, InPlaceUpdate)
    ]
    if not changed:
        return
    readers = _readers(index)
    for group, step, definition, call in changed:
        read = readers.get((group.id, step), {})
        lost = [field for field in read if not _keeps(index, call, field)]
        if lost:
            yield group.entry.finding(
                CODE, ("steps", step, "on_change"), _message(step, definition, call, read, lost[0]), key=True,
                severity="warning",
            )  # fmt: skip


def _message(step: str, definition: StepDefinition, call: CallDefinition, read: Readers, lost: str) -> str:
    source = _result_name(definition)
    fields = ", ".join(f'{field}: "${{{source}.{field}}}"' for field in sorted(read))
    what = "the payload of the callback" if call.callback else "the response"
    return (
        f"{what} becomes the output of `{step}`, and no example says that it has `{lost}`, which {read[lost]} reads: "
        f"give `{step}` `output: {{{fields}}}`, and the output stays where a response lacks what it reads"
    )


def _result_name(definition: StepDefinition) -> str:
    if definition.kind is StepKind.ACTIVITY:
        return "output"
    is_response = definition.call is not None and definition.call.callback is None
    return "response.body" if is_response else "payload"


def _readers(index: DefinitionIndex) -> dict[StepKey, Readers]:
    found: dict[StepKey, Readers] = {}
    for group in index.step_groups.values():
        for own in group.entry.cached("own output fields read", None, partial(_own_reads, index, group)):
            found.setdefault(own.step, {}).setdefault(own.field, own.reader)
        for read in field_reads(index, group):
            found.setdefault(read.step, {}).setdefault(read.field, f"step `{read.path[1]}`")
    return found


def _own_reads(index: DefinitionIndex, group: StepGroup) -> list[_OwnRead]:
    """What `undo` and `on_change` read of the `output` of their own step."""
    found = []
    for step in group.steps:
        for site in index.step_expressions[group.id, step]:
            if len(site.path) < 3 or site.path[2] not in ("undo", "on_change"):
                continue
            try:
                uses = path_uses(site.expression)
            except UnparsableError:
                continue
            found += [
                _OwnRead((group.id, step), use.path[1], f"its `{site.path[2]}`")
                for use in uses
                if use.path[0] == "output" and len(use.path) > 1 and not use.is_has_test
                if use.path[:2] not in use.guarded_paths
            ]
    return found


def _keeps(index: DefinitionIndex, call: CallDefinition, field: str) -> bool:
    """Whether the examples of the system say that the field is in each result of the call, or that there is none."""
    system = index.definitions.systems.get(call.system)
    results = list(_results(system.model.example, call)) if system else []
    return bool(results) and all(_has_field(result, field) for result in results)


def _results(examples: list[ExampleAnswer], call: CallDefinition) -> Iterator[Any]:
    """What the step's output may become: the bodies of the successful answers, or of the callbacks."""
    method: HttpMethod = "get" if call.poll else call.method
    path = call.poll.get if call.poll else call.path
    for answer in examples:
        if not may_answer(answer, method, path):
            continue
        if answer.error is None and answer.status < 300:
            if call.callback:
                yield from (callback.body for callback in answer.calls_back)
            else:
                yield [answer.body, *(later.body for later in answer.then if later.body is not None)][-1]
        if answer.when is None:
            return


def _has_field(result: Any, field: str) -> bool:
    """Without content the earlier output stays. What an expression gives is not known."""
    if result in (None, "", {}, []):
        return True
    return field in result if isinstance(result, Mapping) else isinstance(result, str) and "${" in result
