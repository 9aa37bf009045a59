"""The names that a catalogue's definitions have, by the mark of the keys that can hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.event_types import EVENT_TYPES
from compiler.language.steps import StepDefinition

OPEN_MARKS = frozenset({"queue", "receiver_or_queue", "event", "activity", "step_or_instance"})
"""Keys with these marks may also hold other texts: nothing declares a queue, and instances are made by an order."""

OWN_STEP_MARKS = frozenset({"step", "own_step"})
"""Keys with these marks can name a step of the same document by its id alone."""


class CatalogueName(NamedTuple):
    text: str
    label: str
    """What the name stands for, in words."""


Names = list[CatalogueName]
STEP_LABEL = "step of"
"""How the label of a step begins that is named without its workstream."""


def catalogue_names(index: DefinitionIndex) -> dict[str, Names]:
    """Mark (compiler.language.references) → names, sorted."""
    definitions = index.definitions
    commercial = [entry for name, entry in definitions.products.items() if index.is_commercial(name)]
    technical = [entry for name, entry in definitions.products.items() if index.is_technical(name)]
    codes = [
        CatalogueName(entry.model.code, f"{entry.model.name or entry.model.id} (code)")
        for entry in commercial
        if entry.model.code
    ]
    steps = [name for group in index.step_groups.values() for name in _dotted_steps(group)]
    own = _unique(
        CatalogueName(step, f"{STEP_LABEL} {group.id}") for group in index.step_groups.values() for step in group.steps
    )
    queues = _unique(CatalogueName(queue, "queue") for queue in _queues(index))
    receivers = _labelled(definitions.receivers.values())
    standard = [] if "standard" in definitions.retry_policies else [CatalogueName("standard", "built-in policy")]
    found: Mapping[str, Iterable[CatalogueName]] = {
        "commercial_product": _labelled(commercial),
        "technical_product": _labelled(technical),
        "product": _labelled(definitions.products.values()),
        "ordered_product": [*_labelled(commercial), *codes],
        "product_class": _labelled(definitions.classes.values()),
        "system": _labelled(definitions.systems.values()),
        "retry": [*_labelled(definitions.retry_policies.values()), *standard],
        "step": [*own, *steps, *_workstreams(index)],
        "step_or_instance": steps,
        "own_step": own,
        "receiver": receivers,
        "queue": queues,
        "receiver_or_queue": [*receivers, *queues],
        "event": _unique(CatalogueName(name, "event") for name in _events(index)),
        "event_type": [CatalogueName(name, "event type") for name in (*EVENT_TYPES, *_event_patterns())],
        "activity": _unique(CatalogueName(name, "Python activity") for name in _activities(index)),
    }
    return {mark: sorted(names) for mark, names in found.items()}


def _labelled(entries: Iterable[DefinitionEntry[Any]]) -> Names:
    return [CatalogueName(entry.model.id, _label(entry)) for entry in entries]


def _label(entry: DefinitionEntry[Any]) -> str:
    kind = str(entry.document.data["kind"]).replace("_", " ")
    return f"{entry.model.name} ({kind})" if entry.model.name else kind


def _dotted_steps(group: StepGroup) -> Iterator[CatalogueName]:
    for step, definition in group.steps.items():
        yield CatalogueName(f"{group.id}.{step}", definition.name or "step")


def _workstreams(index: DefinitionIndex) -> Iterator[CatalogueName]:
    for group in index.step_groups.values():
        yield CatalogueName(group.id, f"the last steps of {group.entry.model.name or group.id}")


def _unique(names: Iterable[CatalogueName]) -> Names:
    """The first of the names with each text."""
    found: dict[str, CatalogueName] = {}
    for name in names:
        found.setdefault(name.text, name)
    return list(found.values())


def _steps(index: DefinitionIndex) -> Iterator[StepDefinition]:
    for group in index.step_groups.values():
        yield from group.steps.values()


def _queues(index: DefinitionIndex) -> Iterator[str]:
    for step in _steps(index):
        manuals = [step.manual, step.undo.manual if step.undo else None]
        named = [manual.queue for manual in manuals if manual] + [rule.queue for rule in step.on_failure if rule.queue]
        yield from (queue for queue in named if "${" not in queue)


def _events(index: DefinitionIndex) -> Iterator[str]:
    for step in _steps(index):
        if step.event:
            yield from (name for name in step.event.name if "${" not in name)


def _activities(index: DefinitionIndex) -> Iterator[str]:
    for step in _steps(index):
        yield from (one.activity for one in (step, step.undo) if one and one.activity)


def _event_patterns() -> list[str]:
    return ["*", *sorted({f"{name.partition('.')[0]}.*" for name in EVENT_TYPES})]
