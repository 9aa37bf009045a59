"""Compares the calls that systems got with those that are expected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from compiler.language.http_words import HTTP_METHODS
from compiler.language.scenario_expectations import CallExpectation
from compiler.source.document import KeyPath
from scenarios.expectations.checklist import Checklist
from scenarios.expectations.partial_match import mismatches
from scenarios.record import CallRecord
from scenarios.step_references import names_step

MAX_SHOWN = 3


def check_calls(checklist: Checklist, expected: Sequence[CallExpectation], calls: Sequence[CallRecord]) -> None:
    for position, one in enumerate(expected):
        path: KeyPath = ("expect", "calls", position)
        addressed = [call for call in calls if _is_addressed(one, call)]
        found = [call for call in addressed if _has_content(one, call)]
        if one.times is None and not found:
            _report_none(checklist, path, one, addressed, calls)
        elif one.times is not None and len(found) != one.times:
            _report_count(checklist, path, one, found, addressed)


def _is_addressed(expected: CallExpectation, call: CallRecord) -> bool:
    """Whether system, step, method and path are those expected."""
    method = _method(expected)
    return (
        (expected.system is None or expected.system == call.system)
        and (expected.step is None or names_step(expected.step, call.step))
        and (expected.undo is None or expected.undo == (call.effect == "undo"))
        and (method is None or (method == call.method and fits(getattr(expected, method), call.path)))
    )


def _has_content(expected: CallExpectation, call: CallRecord) -> bool:
    return _first_difference(expected, call) is None


def _first_difference(expected: CallExpectation, call: CallRecord) -> tuple[KeyPath, object, object] | None:
    """Where the call first differs: path in the expectation, expected, actual."""
    if expected.key is not None and not fits(expected.key, call.key):
        return ("key",), expected.key, call.key
    headers = None if expected.headers is None else {name.lower(): text for name, text in expected.headers.items()}
    for name, wanted, actual in (
        ("headers", headers, call.headers),
        ("query", expected.query, call.query),
        ("body", expected.body, call.body),
    ):
        if wanted is not None or (name == "body" and "body" in expected.model_fields_set):
            for each in mismatches(wanted, actual):
                return (name, *each.path), each.expected, "no such key" if each.missing else each.actual
    return None


def _report_none(
    checklist: Checklist,
    path: KeyPath,
    expected: CallExpectation,
    addressed: Sequence[CallRecord],
    calls: Sequence[CallRecord],
) -> None:
    wanted = describe(expected)
    if addressed:
        nearest = addressed[-1]
        difference = _first_difference(expected, nearest)
        if difference is not None:
            inner, value, actual = difference
            name = ".".join(str(part) for part in inner)
            message = f"no call {wanted} with {name} {value}: there it is {actual}"
            checklist.fail((*path, *inner), message, value, actual, at=nearest.at, step=nearest.step)
            return
    others = [call for call in calls if expected.system in (None, call.system)]
    shown = "; ".join(f"{call.method.upper()} {call.path}" for call in others[:MAX_SHOWN])
    if len(others) > MAX_SHOWN:
        shown += "; …"
    whose = expected.system or "the systems"
    message = f"no call {wanted}" + (f"; {whose} got {shown}" if shown else f"; {whose} got no call")
    checklist.fail(path, message, wanted, shown or "no call")


def _report_count(
    checklist: Checklist,
    path: KeyPath,
    expected: CallExpectation,
    found: Sequence[CallRecord],
    addressed: Sequence[CallRecord],
) -> None:
    wanted = describe(expected)
    message = f"{_count(len(found))} {wanted}, and {expected.times} are expected"
    last = found[-1] if found else None
    if not found and addressed and (difference := _first_difference(expected, addressed[-1])) is not None:
        inner, value, actual = difference
        message += f": {'.'.join(str(part) for part in inner)} is {actual}, not {value}"
        last = addressed[-1]
    checklist.fail(
        (*path, "times"),
        message,
        expected.times,
        len(found),
        at=last.at if last else None,
        step=last.step if last else None,
    )


def describe(expected: CallExpectation) -> str:
    """`inventory POST /reservations`, `of shipment.ship`."""
    method = _method(expected)
    parts = [
        expected.system or "",
        f"{method.upper()} {getattr(expected, method)}" if method else "",
        f"of {expected.step}" if expected.step else "",
        {True: "to undo", False: "not to undo", None: ""}[expected.undo],
    ]
    return " ".join(part for part in parts if part)


def _method(expected: CallExpectation) -> str | None:
    return next((method for method in HTTP_METHODS if getattr(expected, method) is not None), None)


def _count(number: int) -> str:
    return {0: "no call", 1: "1 call"}.get(number, f"{number} calls")


def fits(pattern: str, text: str) -> bool:
    """`*` stands for any characters."""
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
