"""Checks that the names in `kind: scenario` documents are defined. Running the scenarios is not part of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.documents import ScenarioDocument
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

REFERENCE_UNKNOWN = "reference-unknown"


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for entry in index.definitions.scenarios.values():
        yield from _check_order(index, entry)
        for position, event in enumerate(entry.model.world):
            for key in ("on", "when"):
                if isinstance(event.get(key), str):
                    yield from _check_step(index, entry, ("world", position, key), event[key])
        steps = entry.model.expect.get("steps")
        for step in steps if isinstance(steps, dict) else ():
            yield from _check_step(index, entry, ("expect", "steps", step), step, key=True)
        calls = entry.model.expect.get("calls")
        for position, call in enumerate(calls if isinstance(calls, list) else ()):
            name = call.get("system") if isinstance(call, dict) else None
            if isinstance(name, str) and not index.may_be_defined(name, index.definitions.systems):
                near = did_you_mean(name, index.definitions.systems)
                yield entry.finding(
                    REFERENCE_UNKNOWN, ("expect", "calls", position, "system"), f"there is no system `{name}`{near}"
                )


def _check_order(index: DefinitionIndex, entry: DefinitionEntry[ScenarioDocument]) -> Iterator[Finding]:
    order = entry.model.order
    if isinstance(order, str):
        if not (Path(entry.document.file).parent / order).is_file():
            yield entry.finding("file-missing", ("order",), f"there is no file `{order}` relative to this one")
    elif isinstance(order, dict):
        yield from _check_lines(index, entry, ("order",), order)
    else:
        yield entry.finding("type-wrong", ("order",), "`order` must be the name of a file, or an order")


def _check_lines(
    index: DefinitionIndex, entry: DefinitionEntry[ScenarioDocument], path: KeyPath, parent: dict[str, Any]
) -> Iterator[Finding]:
    products = index.definitions.products
    known = {*products, *(one.model.code for one in products.values() if one.model.code)}
    lines = parent.get("lines")
    for position, line in enumerate(lines if isinstance(lines, list) else ()):
        if not isinstance(line, dict):
            continue
        line_path: KeyPath = (*path, "lines", position)
        name = line.get("product")
        if isinstance(name, str) and name not in known and not index.may_be_defined(name, products):
            yield entry.finding(
                REFERENCE_UNKNOWN, (*line_path, "product"), f"there is no product `{name}`{did_you_mean(name, known)}"
            )
        yield from _check_lines(index, entry, line_path, line)


def _check_step(
    index: DefinitionIndex,
    entry: DefinitionEntry[ScenarioDocument],
    path: KeyPath,
    reference: str,
    *,
    key: bool = False,
) -> Iterator[Finding]:
    """`workstream.step`, or the id of one of its instances (`workstream.step@1`)."""
    workstream, _, step = reference.partition("@")[0].partition(".")
    if not index.may_be_defined(workstream, index.step_groups):
        near = did_you_mean(workstream, index.step_groups)
        yield entry.finding(REFERENCE_UNKNOWN, path, f"there is no workstream `{workstream}`{near}", key=key)
    elif workstream in index.step_groups and step not in index.steps_by_workstream[workstream]:
        near = did_you_mean(step, index.steps_by_workstream[workstream])
        message = f"workstream `{workstream}` has no step `{step}`{near}"
        yield entry.finding(REFERENCE_UNKNOWN, path, message, key=key)
