"""The first scenario of an offer: it is run, and what the order waits for is added until the order ends."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.language.attributes import Attribute
from compiler.language.modeline import schema_modeline
from compiler.source.document import ReadResult
from compiler.source.findings import OrderRejected
from compiler.source.yaml_reader import read_documents
from scenarios.load import build_suite
from scenarios.new_offer.offer_files import NewFile, flow
from scenarios.new_offer.offer_idea import OfferIdea
from scenarios.new_offer.sample_values import sample_data
from scenarios.record import Record
from scenarios.run import run_one
from scenarios.verdict import ScenarioResult
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

MAX_ROUNDS = 50
"""Rounds that are tried; each adds what at least one step waits for."""
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FirstScenario:
    file: NewFile
    state: str
    """The state in which the order is at the end."""
    open_steps: list[str]
    """What the order then waits for: `gate.open@1: event gate_opened with key G-1`."""
    passes: bool


def write_first_scenario(
    idea: OfferIdea, order: Any, path: Path, order_path: Path, definitions: ReadResult
) -> FirstScenario:
    """A scenario for the file `path`, of the order that is to be in `order_path`.

    `definitions`: all of them, the new ones included. Raises CatalogueInvalid if the catalogue cannot be used, and
    OrderRejected if the order is.
    """
    world: list[Entry] = []
    for _ in range(MAX_ROUNDS):
        result = _run(_text(idea, flow(order), path, world, ["  order: completed"]), path, definitions)
        if result.record.rejected:
            raise OrderRejected(result.record.rejected)
        added = list(_next_entries(result.record, world))
        if not added:
            break
        world += added
    expect = list(_expectations(result.record))
    passes = _run(_text(idea, flow(order), path, world, expect), path, definitions).passed
    relative = Path(os.path.relpath(order_path, path.parent)).as_posix()
    file = NewFile(path, _text(idea, relative, path, world, expect))
    return FirstScenario(file, _final_state(result.record), list(_open_steps(result.record)), passes)


def _text(idea: OfferIdea, order: str, path: Path, world: Sequence[Entry], expect: Sequence[str]) -> str:
    """`order`: a file, or the order itself on one line."""
    lines = [
        schema_modeline(path, "definition"),
        f"# Tests of {idea.name}. `test {path.as_posix()}` runs them.",
        "",
        "kind: scenario",
        f"id: {idea.id}_complete",
        f"name: {flow(f'{idea.name} is delivered')}",
        f"order: {order}",
    ]
    if world:
        lines.append("world:                                     # what people do, and what happens")
        lines += [f"  - {flow(entry)}" for entry in world]
    return "\n".join([*lines, "expect:", *expect]) + "\n"


def _run(text: str, path: Path, definitions: ReadResult) -> ScenarioResult:
    scenario = read_documents(text, str(path))
    suite = build_suite(ReadResult([*definitions.documents, *scenario.documents]))
    [entry] = [entry for entry in suite.scenarios if entry.document.file == str(path)]
    return run_one(suite.catalogue, entry)


def _next_entries(record: Record, world: Sequence[Entry]) -> Iterator[Entry]:
    """What lets the steps that wait for somebody, or for an event, go on. Not twice for the same step."""
    known = {entry["when"] for entry in world}
    for step in record.final.steps if record.final else ():
        name = _step_name(step)
        if step.state is StepState.IN_PROGRESS and name not in known:
            entry = _entry_for(step, name)
            if entry is not None:
                known.add(name)
                yield entry


def _entry_for(step: StepView, name: str) -> Entry | None:
    if step.form is not None or step.kind == "manual":
        fields = {key: Attribute.model_validate(declared) for key, declared in (step.form or {}).items()}
        try:
            return {"when": name, "after": "1h", "complete": sample_data(fields)}
        except LookupError:
            return None
    return None


def _open_steps(record: Record) -> Iterator[str]:
    for step in record.final.steps if record.final else ():
        if step.state is StepState.FATALLY_FAILED and step.error is not None:
            yield f"{step.id}: {step.error.message}"
        elif step.waits_for:
            yield f"{step.id}: {step.waits_for}"


def _step_name(step: StepView) -> str:
    return step.id.split("@", 1)[0]


def _final_state(record: Record) -> str:
    assert record.final is not None  # the order was not rejected
    return record.final.order.state.value


def _expectations(record: Record) -> Iterator[str]:
    """The order's state, and each call that a system gets."""
    yield f"  order: {_final_state(record)}"
    calls = Counter((call.system, call.method, call.path) for call in record.calls if not call.is_poll)
    if calls:
        yield "  calls:                                   # add `body:` for what must be in them"
        for (system, method, path), times in calls.items():
            yield f"    - {flow({'system': system, method: path, 'times': times})}"
