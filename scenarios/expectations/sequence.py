"""Compares the order in which steps begin with the expected one."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.language.scenario_expectations import UndoneStep
from scenarios.expectations.checklist import Checklist
from scenarios.record import Begin
from scenarios.step_references import names_step


def check_sequence(checklist: Checklist, expected: Sequence[str | UndoneStep], begins: Sequence[Begin]) -> None:
    """Each step begins after all of those before it have begun: the first time, and with all of its instances."""
    previous: tuple[int, str] | None = None
    for position, one in enumerate(expected):
        undo = isinstance(one, UndoneStep)
        name = one.undo if isinstance(one, UndoneStep) else one
        label = f"the undo of {name}" if undo else name
        first: dict[str, int] = {}
        for at, begin in enumerate(begins):
            if begin.undo is undo and names_step(name, begin.step):
                first.setdefault(begin.step, at)
        path = ("expect", "sequence", position)
        if not first:
            checklist.fail(path, f"{label} has not begun", "it begins", "it does not")
            continue
        if previous is not None and min(first.values()) < previous[0]:
            message = f"{label} began before {previous[1]}"
            begin = begins[min(first.values())]
            checklist.fail(
                path, message, f"{previous[1]}, then {label}", f"{label} first", at=begin.at, step=begin.step
            )
        previous = max(first.values()), label
