"""Compares the events that an order tells, and what receivers got of them, with what is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from compiler.language.event_types import matches
from compiler.language.scenario_expectations import EventExpectation, NotificationExpectation
from compiler.source.document import KeyPath
from scenarios.expectations.checklist import Checklist
from scenarios.expectations.partial_match import Mismatch, mismatches
from scenarios.record import Notification, ToldEvent
from scenarios.step_references import names_step

MAX_SHOWN = 6
Told = TypeVar("Told", ToldEvent, Notification)


def check_events(checklist: Checklist, expected: Sequence[EventExpectation], told: Sequence[ToldEvent]) -> None:
    for position, one in enumerate(expected):
        _check(checklist, ("expect", "events", position), one, told, f"event {one.type}")


def check_notifications(
    checklist: Checklist, expected: Sequence[NotificationExpectation], arrived: Sequence[Notification]
) -> None:
    for position, one in enumerate(expected):
        path: KeyPath = ("expect", "notifications", position)
        received = [each for each in arrived if each.receiver == one.receiver]
        subject = f"notification {one.type} to {one.receiver}"
        for found in _check(checklist, path, one, received, subject):
            if one.attempts is not None and one.attempts != found.attempts:
                message = f"{subject} was sent {found.attempts} times, not {one.attempts}"
                checklist.fail((*path, "attempts"), message, one.attempts, found.attempts, at=found.at)
            checklist.in_range((*path, "arrived"), f"{subject} arrived", one.arrived, found.at)


def _check(
    checklist: Checklist, path: KeyPath, expected: EventExpectation, told: Sequence[Told], subject: str
) -> list[Told]:
    """Those that are meant; empty if they are not as many as they should be, which is then reported."""
    of_type = [
        event
        for event in told
        if matches(expected.type, event.type) and (expected.step is None or names_step(expected.step, event.step or ""))
    ]
    found = [event for event in of_type if next(mismatches(expected.data, event.data), None) is None]
    if expected.times is not None and len(found) != expected.times:
        message = f"{subject}: {len(found)} of them, not {expected.times}"
        checklist.fail((*path, "times"), message, expected.times, len(found), at=found[-1].at if found else None)
        return []
    if found or expected.times is not None:
        return found
    about = f" about {expected.step}" if expected.step else ""
    if of_type:
        difference: Mismatch = next(mismatches(expected.data, of_type[-1].data))
        name = ".".join(str(part) for part in difference.path)
        actual = "missing" if difference.missing else difference.actual
        message = f"no {subject}{about} with {name} {difference.expected}: there it is {actual}"
        checklist.fail((*path, "data", *difference.path), message, difference.expected, actual, at=of_type[-1].at)
        return []
    types = list(dict.fromkeys(event.type for event in told))
    shown = ", ".join(types[:MAX_SHOWN]) + (", …" if len(types) > MAX_SHOWN else "")
    checklist.fail((*path, "type"), f"no {subject}{about}", expected.type, shown or "nothing")
    return []
