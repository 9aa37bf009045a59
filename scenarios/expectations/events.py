"""Compares the events that an order tells, and the notifications of receivers, with those that are expected."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.language.event_types import matches
from compiler.language.scenario_expectations import EventExpectation, NotificationExpectation
from compiler.source.document import KeyPath
from scenarios.expectations.checklist import Checklist
from scenarios.expectations.partial_match import mismatches
from scenarios.record import ToldEvent
from scenarios.step_references import names_step

MAX_SHOWN = 6


def check_events(checklist: Checklist, expected: Sequence[EventExpectation], told: Sequence[ToldEvent]) -> None:
    for position, one in enumerate(expected):
        _check(checklist, ("expect", "events", position), one, told, f"event {one.type}")


def check_notifications(
    checklist: Checklist, expected: Sequence[NotificationExpectation], told: Sequence[ToldEvent]
) -> None:
    for position, one in enumerate(expected):
        received = [event for event in told if one.receiver in event.receivers]
        _check(
            checklist,
            ("expect", "notifications", position),
            one,
            received,
            f"notification {one.type} to {one.receiver}",
        )


def _check(
    checklist: Checklist, path: KeyPath, expected: EventExpectation, told: Sequence[ToldEvent], subject: str
) -> None:
    of_type = [
        event
        for event in told
        if matches(expected.type, event.type) and (expected.step is None or names_step(expected.step, event.step or ""))
    ]
    found = [event for event in of_type if next(mismatches(expected.data, event.data), None) is None]
    if expected.times is not None:
        if len(found) != expected.times:
            message = f"{subject}: {len(found)} of them, not {expected.times}"
            checklist.fail((*path, "times"), message, expected.times, len(found), at=found[-1].at if found else None)
        return
    if found:
        return
    about = f" about {expected.step}" if expected.step else ""
    if of_type:
        difference = next(mismatches(expected.data, of_type[-1].data))
        name = ".".join(str(part) for part in difference.path)
        actual = "missing" if difference.missing else difference.actual
        message = f"no {subject}{about} with {name} {difference.expected}: there it is {actual}"
        checklist.fail((*path, "data", *difference.path), message, difference.expected, actual, at=of_type[-1].at)
        return
    types = list(dict.fromkeys(event.type for event in told))
    shown = ", ".join(types[:MAX_SHOWN]) + (", …" if len(types) > MAX_SHOWN else "")
    checklist.fail((*path, "type"), f"no {subject}{about}", expected.type, shown or "nothing")
