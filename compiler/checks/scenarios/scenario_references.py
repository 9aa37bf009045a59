"""Checks `kind: scenario` documents: the names in them are defined, and their expressions have a meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.scenarios.scenario_expressions import check_world
from compiler.language.documents import ScenarioDocument
from compiler.language.event_types import EVENT_TYPES, matches_known_type
from compiler.language.scenario_actions import AmendEntry, SwitchEntry
from compiler.language.scenario_answers import AnswerEntry, ReceiverEntry
from compiler.language.scenario_expectations import CallExpectation, EventExpectation, StepExpectation
from compiler.language.scenario_timed_entries import TimedEntry
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

REFERENCE_UNKNOWN = "reference-unknown"
Entry = DefinitionEntry[ScenarioDocument]


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for entry in index.definitions.scenarios.values():
        yield from check_scenario(index, entry)


def check_scenario(index: DefinitionIndex, entry: Entry) -> Iterator[Finding]:
    for path, order in _orders(entry.model):
        yield from _check_order(index, entry, path, order)
    for path, reference in _step_references(entry.model):
        yield from _check_step(index, entry, path, reference)
    definitions = index.definitions
    for path, name in _systems(entry.model):
        yield from _check_name(index, entry, path, name, "system", definitions.systems)
    for path, name in _receivers(entry.model):
        yield from _check_name(index, entry, path, name, "receiver", definitions.receivers)
    yield from _check_event_types(entry)
    yield from check_world(entry)


def _orders(scenario: ScenarioDocument) -> Iterator[tuple[KeyPath, str | dict[str, Any]]]:
    yield ("order",), scenario.order
    for position, one in enumerate(scenario.world):
        if isinstance(one, AmendEntry) and one.amend.order is not None:
            yield ("world", position, "amend", "order"), one.amend.order


def _step_references(scenario: ScenarioDocument) -> Iterator[tuple[KeyPath, str]]:
    """Every reference to a step, with its place. The last part of a path is a key if it is the reference itself."""
    for position, one in enumerate(scenario.world):
        path: KeyPath = ("world", position)
        if isinstance(one, AnswerEntry):
            yield (*path, "on"), one.on
        if not isinstance(one, TimedEntry):
            continue
        if one.when is not None:
            yield (*path, "when"), one.when.step
        if (step := getattr(one, "step", None)) is not None:
            yield (*path, "step"), step
    expect = scenario.expect
    yield from _expected_steps(("expect",), expect.steps)
    for position, moment in enumerate(expect.moments):
        yield from _expected_steps(("expect", "moments", position), moment.steps)
        if moment.when is not None:
            yield ("expect", "moments", position, "when"), moment.when.step
    for position, begun in enumerate(expect.sequence):
        yield ("expect", "sequence", position), begun if isinstance(begun, str) else begun.undo
    about: list[tuple[str, Sequence[CallExpectation | EventExpectation]]] = [
        ("calls", expect.calls),
        ("events", expect.events),
        ("notifications", expect.notifications),
    ]
    for kind, listed in about:
        for position, each in enumerate(listed):
            if each.step is not None:
                yield ("expect", kind, position, "step"), each.step


def _expected_steps(path: KeyPath, steps: Mapping[str, StepExpectation]) -> Iterator[tuple[KeyPath, str]]:
    for name in steps:
        yield (*path, "steps", name), name


def _systems(scenario: ScenarioDocument) -> Iterator[tuple[KeyPath, str]]:
    for position, one in enumerate(scenario.world):
        if isinstance(one, SwitchEntry):
            word = "on" if one.system.off is None else "off"
            yield ("world", position, "system", word), getattr(one.system, word)
    for position, call in enumerate(scenario.expect.calls):
        if call.system is not None:
            yield ("expect", "calls", position, "system"), call.system


def _receivers(scenario: ScenarioDocument) -> Iterator[tuple[KeyPath, str]]:
    for position, one in enumerate(scenario.world):
        if isinstance(one, ReceiverEntry):
            yield ("world", position, "receiver"), one.receiver
    for position, told in enumerate(scenario.expect.notifications):
        yield ("expect", "notifications", position, "receiver"), told.receiver


def _check_order(index: DefinitionIndex, entry: Entry, path: KeyPath, order: str | dict[str, Any]) -> Iterator[Finding]:
    if isinstance(order, dict):
        yield from _check_lines(index, entry, path, order)
    elif not (Path(entry.document.file).parent / order).is_file():
        yield entry.finding("file-missing", path, f"there is no file `{order}` relative to this one")


def _check_lines(index: DefinitionIndex, entry: Entry, path: KeyPath, parent: dict[str, Any]) -> Iterator[Finding]:
    products = index.definitions.products
    known = {*products, *(one.model.code for one in products.values() if one.model.code)}
    lines = parent.get("lines")
    for position, line in enumerate(lines if isinstance(lines, list) else ()):
        if not isinstance(line, dict):
            continue
        line_path: KeyPath = (*path, "lines", position)
        name = line.get("product")
        if isinstance(name, str) and name not in known:
            yield from _check_name(index, entry, (*line_path, "product"), name, "product", products, known)
        yield from _check_lines(index, entry, line_path, line)


def _check_name(
    index: DefinitionIndex,
    entry: Entry,
    path: KeyPath,
    name: str,
    kind: str,
    namespace: Mapping[str, Any],
    known: Collection[str] | None = None,
) -> Iterator[Finding]:
    if not index.may_be_defined(name, namespace):
        near = did_you_mean(name, known or namespace)
        yield entry.finding(REFERENCE_UNKNOWN, path, f"there is no {kind} `{name}`{near}")


def _check_step(index: DefinitionIndex, entry: Entry, path: KeyPath, reference: str) -> Iterator[Finding]:
    """`workstream.step`, or the id of one of its instances (`workstream.step@1`)."""
    key = path[-1] == reference
    workstream, _, step = reference.partition("@")[0].partition(".")
    if not index.may_be_defined(workstream, index.step_groups):
        near = did_you_mean(workstream, index.step_groups)
        yield entry.finding(REFERENCE_UNKNOWN, path, f"there is no workstream `{workstream}`{near}", key=key)
    elif workstream in index.step_groups and step not in index.steps_by_workstream[workstream]:
        near = did_you_mean(step, index.steps_by_workstream[workstream])
        message = f"workstream `{workstream}` has no step `{step}`{near}"
        if not step:
            message = f"`{reference}` names no step: write `{workstream}.STEP`"
        yield entry.finding(REFERENCE_UNKNOWN, path, message, key=key)


def _check_event_types(entry: Entry) -> Iterator[Finding]:
    expect = entry.model.expect
    for kind, listed in (("events", expect.events), ("notifications", expect.notifications)):
        for position, each in enumerate(listed):
            if not matches_known_type(each.type):
                near = did_you_mean(each.type, EVENT_TYPES)
                message = f"there is no order event `{each.type}`{near}"
                yield entry.finding("event-unknown", ("expect", kind, position, "type"), message)
