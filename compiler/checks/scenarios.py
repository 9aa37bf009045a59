"""Scenarios: what they refer to is defined. Whether they come out as expected is seen by running them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.catalogue.definition_index import Survey
from compiler.catalogue.definitions import Entry
from compiler.language.documents import ScenarioDocument
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

CODE = "reference-unknown"


def check(survey: Survey) -> Iterator[Finding]:
    for entry in survey.definitions.scenarios.values():
        yield from _order(survey, entry)
        for position, happening in enumerate(entry.model.world):
            for key in ("on", "when"):
                if isinstance(happening.get(key), str):
                    yield from _step(survey, entry, ("world", position, key), happening[key])
        steps = entry.model.expect.get("steps")
        for step in steps if isinstance(steps, dict) else ():
            yield from _step(survey, entry, ("expect", "steps", step), step, key=True)
        calls = entry.model.expect.get("calls")
        for position, call in enumerate(calls if isinstance(calls, list) else ()):
            name = call.get("system") if isinstance(call, dict) else None
            if isinstance(name, str) and not survey.is_known(name, survey.definitions.systems):
                near = did_you_mean(name, survey.definitions.systems)
                yield entry.finding(CODE, ("expect", "calls", position, "system"), f"there is no system `{name}`{near}")


def _order(survey: Survey, entry: Entry[ScenarioDocument]) -> Iterator[Finding]:
    order = entry.model.order
    if isinstance(order, str):
        if not (Path(entry.document.file).parent / order).is_file():
            yield entry.finding("file-missing", ("order",), f"there is no file `{order}`, seen from this one")
    elif isinstance(order, dict):
        yield from _lines(survey, entry, ("order",), order)
    else:
        yield entry.finding("type-wrong", ("order",), "`order` is a file's name, or the order itself")


def _lines(survey: Survey, entry: Entry[ScenarioDocument], path: KeyPath, parent: dict[str, Any]) -> Iterator[Finding]:
    products = survey.definitions.products
    known = {*products, *(one.model.code for one in products.values() if one.model.code)}
    lines = parent.get("lines")
    for position, line in enumerate(lines if isinstance(lines, list) else ()):
        if not isinstance(line, dict):
            continue
        here: KeyPath = (*path, "lines", position)
        name = line.get("product")
        if isinstance(name, str) and name not in known and not survey.is_known(name, products):
            yield entry.finding(CODE, (*here, "product"), f"there is no product `{name}`{did_you_mean(name, known)}")
        yield from _lines(survey, entry, here, line)


def _step(
    survey: Survey, entry: Entry[ScenarioDocument], path: KeyPath, reference: str, *, key: bool = False
) -> Iterator[Finding]:
    """`workstream.step`, or the id of one of its instances (`workstream.step@1`)."""
    workstream, _, step = reference.partition("@")[0].partition(".")
    if not survey.is_known(workstream, survey.groups):
        near = did_you_mean(workstream, survey.groups)
        yield entry.finding(CODE, path, f"there is no workstream `{workstream}`{near}", key=key)
    elif workstream in survey.groups and step not in survey.step_names[workstream]:
        near = did_you_mean(step, survey.step_names[workstream])
        message = f"workstream `{workstream}` has no step `{step}`{near}"
        yield entry.finding(CODE, path, message, key=key)
