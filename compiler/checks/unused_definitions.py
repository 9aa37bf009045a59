"""Checks for classes, systems and retry policies that nothing names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.references import find_calls
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.steps import StepDefinition
from compiler.source.findings import Finding

_STANDARD = "standard"
"""The retry policy where nobody names one."""


def check(index: DefinitionIndex) -> Iterator[Finding]:
    definitions = index.definitions
    steps = [definition for group in index.step_groups.values() for definition in group.steps.values()]
    systems = {call.system for step in steps for _, call in find_calls(step)}
    given = [policy for step in steps for policy in _policies(step)]
    given += [system.model.retry for system in definitions.systems.values()]
    given += [receiver.model.retry for receiver in definitions.receivers.values()]
    policies = {_STANDARD, *(policy for policy in given if isinstance(policy, str))}
    yield from _unused(definitions.classes, index.products_by_class, "no product has `class: {}`")
    yield from _unused(definitions.systems, systems, "no step calls system `{}`")
    yield from _unused(definitions.retry_policies, policies, "nothing retries by `{}`")


def _policies(step: StepDefinition) -> Iterator[RetryPolicyOrId | None]:
    yield step.retry
    yield step.undo.retry if step.undo else None
    yield from (rule.retry for rule in step.on_failure)


def _unused(
    entries: Mapping[str, DefinitionEntry[Any]], used: Mapping[str, Any] | set[str], message: str
) -> Iterator[Finding]:
    for name, entry in entries.items():
        if name not in used:
            yield entry.finding("definition-unused", ("id",), message.format(name), severity="warning")
