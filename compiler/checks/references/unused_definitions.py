"""Checks for classes, systems and retry policies that nothing names."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.references.references import find_calls
from compiler.language.retry_policy import RetryPolicyOrId
from compiler.language.steps import StepDefinition
from compiler.source.findings import Finding

_STANDARD = "standard"
"""The retry policy where nobody names one."""


def check(index: DefinitionIndex) -> Iterator[Finding]:
    definitions = index.definitions
    systems: set[str] = set()
    policies: set[str | None] = {_STANDARD}
    for group in index.step_groups.values():
        named = named_by_steps(group)
        systems |= named.systems
        policies |= named.policies
    policies.update(_policy_id(system.model.retry) for system in definitions.systems.values())
    policies.update(_policy_id(receiver.model.retry) for receiver in definitions.receivers.values())
    yield from _unused(definitions.classes, index.products_by_class, "no product has `class: {}`")
    yield from _unused(definitions.systems, systems, "no step calls system `{}`")
    yield from _unused(definitions.retry_policies, policies, "nothing retries by `{}`")


class NamedBySteps(NamedTuple):
    """The ids that the steps of a workstream name."""

    systems: frozenset[str]
    policies: frozenset[str | None]


def named_by_steps(group: StepGroup) -> NamedBySteps:
    named: NamedBySteps = group.entry.cached("named systems and policies", None, partial(_find_named, group))
    return named


def _find_named(group: StepGroup) -> NamedBySteps:
    steps = group.steps.values()
    systems = frozenset(call.system for step in steps for _, call in find_calls(step))
    return NamedBySteps(systems, frozenset(_policy_id(policy) for step in steps for policy in _policies(step)))


def _policies(step: StepDefinition) -> Iterator[RetryPolicyOrId | None]:
    yield step.retry
    yield step.undo.retry if step.undo else None
    yield from (rule.retry for rule in step.on_failure)


def _policy_id(policy: RetryPolicyOrId | None) -> str | None:
    """None for no policy, and for one that is written in place."""
    return policy if isinstance(policy, str) else None


def _unused(
    entries: Mapping[str, DefinitionEntry[Any]], used: Container[str | None], message: str
) -> Iterator[Finding]:
    for name, entry in entries.items():
        if name not in used:
            yield entry.finding("definition-unused", ("id",), message.format(name), severity="warning")
