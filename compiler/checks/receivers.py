"""Receivers: they want events that there are, and whom a step escalates to is one of them or a queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from compiler.catalogue.definition_index import Survey
from compiler.catalogue.definitions import Entry
from compiler.cel.evaluation import as_text
from compiler.language.documents import ReceiverDocument
from compiler.language.event_types import EVENT_TYPES, PREFIX, is_known
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean

LONGEST_TIMEOUT = timedelta(seconds=60)


def check(survey: Survey) -> Iterator[Finding]:
    for entry in survey.definitions.receivers.values():
        yield from _events(entry)
        yield from _timeout(entry)
    yield from _escalations(survey)


def _events(entry: Entry[ReceiverDocument]) -> Iterator[Finding]:
    written = entry.document.data["events"]
    for position, pattern in enumerate(entry.model.events):
        if is_known(pattern):
            continue
        path: KeyPath = ("events", position) if isinstance(written, list) else ("events",)
        near = did_you_mean(pattern, EVENT_TYPES)
        if is_known(pattern.removeprefix(PREFIX)):
            near = f"; write `{pattern.removeprefix(PREFIX)}`"
        elif not near:
            near = "; there are order.*, line.*, step.* and milestone.reached (docs/notifications.md lists them)"
        yield entry.finding("event-unknown", path, f"there is no event `{as_text(pattern)[:80]}`{near}")


def _timeout(entry: Entry[ReceiverDocument]) -> Iterator[Finding]:
    timeout = entry.model.timeout
    if isinstance(timeout, timedelta) and not timedelta(0) < timeout <= LONGEST_TIMEOUT:
        yield entry.finding("value-invalid", ("timeout",), "a receiver answers within 60 s at most, and not at once")


def _escalations(survey: Survey) -> Iterator[Finding]:
    """`sla.escalate` names a receiver, or a queue; a queue is whatever steps call one."""
    receivers = survey.definitions.receivers
    queues = _queues(survey)
    for name, entry in receivers.items():
        if name in queues:
            message = f"receiver `{name}` has the name of a queue: `escalate: {name}` could mean either"
            yield entry.finding("escalation-ambiguous", ("id",), message)
    for group in survey.groups.values():
        for step, definition in group.steps.items():
            to = definition.sla.escalate if definition.sla else None
            if to is None or "${" in to or to in receivers or to in queues or survey.is_unsure(to):
                continue
            near = did_you_mean(to, [*receivers, *sorted(queues)])
            if near:
                message = f"no receiver and no other step's queue is called `{to[:80]}`{near}"
                path: KeyPath = ("steps", step, "sla", "escalate")
                yield group.entry.finding("escalation-unknown", path, message, severity="warning")


def _queues(survey: Survey) -> set[str]:
    """The queues that steps name, but for those that are worked out."""
    found: set[str] = set()
    for group in survey.groups.values():
        for definition in group.steps.values():
            manuals = (definition.manual, definition.undo.manual if definition.undo else None)
            named = [case.queue for case in definition.on_failure] + [manual.queue for manual in manuals if manual]
            found.update(name for name in named if name and "${" not in name)
    return found
