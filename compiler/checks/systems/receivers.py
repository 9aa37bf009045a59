"""Checks receivers: their event types exist, and `escalate` names a receiver or a queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.language.documents import ReceiverDocument
from compiler.language.event_types import EVENT_TYPE_PREFIX, EVENT_TYPES, matches_known_type
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean
from compiler.values import as_text

MAX_TIMEOUT = timedelta(seconds=60)


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for entry in index.definitions.receivers.values():
        yield from _check_events(entry)
        yield from _check_timeout(entry)
    yield from _check_escalations(index)


def _check_events(entry: DefinitionEntry[ReceiverDocument]) -> Iterator[Finding]:
    for position, pattern in enumerate(entry.model.events):
        if matches_known_type(pattern):
            continue
        near = did_you_mean(pattern, EVENT_TYPES)
        if matches_known_type(pattern.removeprefix(EVENT_TYPE_PREFIX)):
            near = f"; write `{pattern.removeprefix(EVENT_TYPE_PREFIX)}`"
        elif not near:
            near = "; known are order.*, line.*, step.* and milestone.reached (see docs/notifications.md)"
        yield entry.finding("event-unknown", ("events", position), f"there is no event `{as_text(pattern)[:80]}`{near}")


def _check_timeout(entry: DefinitionEntry[ReceiverDocument]) -> Iterator[Finding]:
    timeout = entry.model.timeout
    if isinstance(timeout, timedelta) and not timedelta(0) < timeout <= MAX_TIMEOUT:
        yield entry.finding(
            "value-invalid", ("timeout",), "the timeout of a receiver must be more than 0 and at most 60 s"
        )


def _check_escalations(index: DefinitionIndex) -> Iterator[Finding]:
    """`sla.escalate` names a receiver or a queue. A queue exists if a step names it."""
    receivers = index.definitions.receivers
    queues = _queue_names(index)
    for name, entry in receivers.items():
        if name in queues:
            message = f"receiver `{name}` has the name of a queue: `escalate: {name}` could mean either"
            yield entry.finding("escalation-ambiguous", ("id",), message)
    for group in index.step_groups.values():
        if not group.facts.has_escalation:
            continue
        for step, definition in group.steps.items():
            to = definition.sla.escalate if definition.sla else None
            if to is None or "${" in to or to in receivers or to in queues or index.may_be_in_unread_file(to):
                continue
            near = did_you_mean(to, [*receivers, *sorted(queues)])
            if near:
                message = f"no receiver and no other step's queue is called `{to[:80]}`{near}"
                path: KeyPath = ("steps", step, "sla", "escalate")
                yield group.entry.finding("escalation-unknown", path, message, severity="warning")


def _queue_names(index: DefinitionIndex) -> set[str]:
    """The queues that steps name, except those with expressions."""
    return set().union(*(group.facts.queues for group in index.step_groups.values()))
