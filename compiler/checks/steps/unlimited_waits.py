"""Checks for waits that could go on forever without anybody being told."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.steps import CrossOrderReference, StepDefinition
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("unlimited waits", None, partial(_check_group, group))


def _check_group(group: StepGroup) -> Iterator[Finding]:
    for step, definition in group.steps.items():
        for path, awaited in _unlimited_waits(definition):
            message = f"this waits for {awaited} without a limit: write `within`"
            message += "" if path[0] == "after" else ", or an `sla` that tells somebody"
            path = ("steps", step, *path)
            yield group.entry.finding("wait-unlimited", path, message, key=True, severity="warning")


def _unlimited_waits(definition: StepDefinition) -> Iterator[tuple[KeyPath, str]]:
    """The positions of what has no limit, and what is awaited. A task of a person is in a queue's list."""
    for position, reference in enumerate(definition.after):
        if isinstance(reference, CrossOrderReference) and reference.within is None:
            yield ("after", position, "order"), "another order"  # pending until then: an `sla` does not run yet
    if definition.sla is not None:
        return
    if definition.event is not None and definition.event.within is None:
        yield ("event",), "an event"
    elif definition.wait is not None and definition.wait.condition is not None and definition.wait.within is None:
        yield ("wait",), "a condition"
    elif definition.call is not None and definition.call.callback is not None:
        if definition.call.callback.within is None:
            yield ("call", "callback"), "a callback"
    elif definition.call is not None and definition.call.poll is not None and definition.call.poll.within is None:
        yield ("call", "poll"), "a condition"
