"""Checks for an `sla` that a step misses by its own definition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.durations import format_duration
from compiler.language.steps import SlaDefinition, StepDefinition
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("short slas", None, partial(_check_group, group))


def _check_group(group: StepGroup) -> Iterator[Finding]:
    for step, definition in group.steps.items():
        if definition.sla is None:
            continue
        for path, message in _problems(definition, definition.sla):
            path = ("steps", step, *path)
            yield group.entry.finding("sla-too-short", path, message, severity="warning")


def _problems(definition: StepDefinition, sla: SlaDefinition) -> Iterator[tuple[KeyPath, str]]:
    duration = sla.duration
    if not isinstance(duration, timedelta):
        return
    limit = format_duration(duration)
    wait, expected, warn = definition.wait and definition.wait.for_, definition.expected, sla.warn
    if isinstance(wait, timedelta) and wait > duration:
        message = f"the step is always late: it waits for {format_duration(wait)}, and its `sla` is {limit}"
        yield ("sla", "duration"), message
    elif isinstance(expected, timedelta) and expected > duration:
        message = f"the step is usually late: {format_duration(expected)} are expected, and its `sla` is {limit}"
        yield ("sla", "duration"), message
    elif isinstance(warn, timedelta) and warn >= duration:
        message = f"the step is at risk from its start: `warn` is {format_duration(warn)}, and its `sla` is {limit}"
        yield ("sla", "warn"), message
