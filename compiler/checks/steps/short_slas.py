"""Checks for an `sla` that a step misses by its own definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.language.durations import format_duration
from compiler.language.example_answers import ExampleAnswer
from compiler.language.path_patterns import may_match
from compiler.language.steps import CallDefinition, SlaDefinition, StepDefinition
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for group in index.step_groups.values():
        yield from group.entry.cached_findings("short slas", None, partial(_check_group, group))
        for step, definition in group.entry.cached("callbacks with sla", None, partial(_callbacks_with_sla, group)):
            yield from _check_example(index, group, step, definition)


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


def _callbacks_with_sla(group: StepGroup) -> list[tuple[str, StepDefinition]]:
    return [
        (step, definition)
        for step, definition in group.steps.items()
        if definition.sla is not None and definition.call is not None and definition.call.callback is not None
    ]


def _check_example(
    index: DefinitionIndex, group: StepGroup, step: str, definition: StepDefinition
) -> Iterator[Finding]:
    """Compares with the time after which the system's `example` calls back."""
    call, sla = definition.call, definition.sla
    system = index.definitions.systems.get(call.system) if call else None
    if call is None or sla is None or system is None or not isinstance(sla.duration, timedelta):
        return
    after = _calls_back_after(system.model.example, call)
    if after is not None and after > sla.duration:
        message = (
            f"the example of `{call.system}` calls back after {format_duration(after)}, and the `sla` is "
            f"{format_duration(sla.duration)}: one of them is wrong"
        )
        yield group.entry.finding("sla-too-short", ("steps", step, "sla", "duration"), message, severity="warning")


def _calls_back_after(answers: Iterable[ExampleAnswer], call: CallDefinition) -> timedelta | None:
    """The earliest callback of the answer without `when` that fits; None if it has none, or not at a fixed time."""
    for answer in answers:
        if answer.when is None and answer.method in (None, call.method) and may_match(answer.pattern, call.path):
            times = [one.after for one in answer.calls_back]
            fixed = [time for time in times if isinstance(time, timedelta)]
            return min(fixed) if fixed and len(fixed) == len(times) else None
    return None
