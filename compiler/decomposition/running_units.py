"""The units of a running order, and which of them stay if fewer are wanted (docs/amending.md).

Numbers of units are never changed nor used again: a unit that goes leaves a gap, and a new one has a new number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain

from compiler.plan.plan import Plan, PlannedLine


class StepWeight(IntEnum):
    """How much speaks against giving up a step. The heavier a unit's steps are, the later the unit goes."""

    CANCELLED = -1
    NOT_BEGUN = 0
    WAITING = 1
    """The step has begun, but has certainly done nothing."""
    BEGUN = 2
    """The step has done its work, or may have done it."""
    PAST_PONR = 3


@dataclass(frozen=True, slots=True)
class RunningUnits:
    """Units are grouped by what they are units of, such as `router@1` for `router@1#1`."""

    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The units that the order has. Those that go last come first."""
    highest: Mapping[str, int] = field(default_factory=dict)
    """The highest number that was ever used."""
    known_ids: frozenset[str] = frozenset()
    """Includes units that an earlier amendment dropped."""

    def choose(self, group: str, count: int, dropped: Collection[str]) -> Iterator[int]:
        """The numbers of `count` units. Existing units come first, then new ones. `dropped` are ids that go first."""
        numbers = self.numbers.get(group, ())
        staying = sorted(numbers, key=lambda number: unit_id(group, number) in dropped)[:count]
        first_new = self.highest.get(group, 0) + 1
        return chain(sorted(staying), range(first_new, first_new + count - len(staying)))

    def drop_problem(self, group: str, count: int, dropped: Collection[str]) -> str:
        """What is wrong with the named units, if `count` units are wanted. Empty if nothing is wrong."""
        numbers = self.numbers.get(group, ())
        named = [unit_id(group, number) for number in sorted(numbers) if unit_id(group, number) in dropped]
        fewer = max(len(numbers) - count, 0)
        if len(named) <= fewer:
            return ""
        ids = ", ".join(f"`{id_}`" for id_ in named)
        goes_down = f"goes down by {fewer}" if fewer else "does not go down"
        return f"{goes_down} to {count}, and `drop_units` names {ids}: name at most as many units as go"


def unit_id(group: str, number: int) -> str:
    return f"{group}#{number}"


def running_units(plan: Plan, retired: Collection[int], weights: Sequence[int]) -> RunningUnits:
    """The units of a running plan. `weights` has a StepWeight for each step. A missing one counts as not begun.

    The unit that has begun least goes first. If two units are equal, the one with the higher number goes first.
    """
    units = {line.id: line for line in plan.fulfilment_lines if line.per == "unit" and line.index is not None}
    if not units:
        return RunningUnits()
    retired = frozenset(retired)
    steps_of_units: dict[str, list[int]] = {id_: [] for id_ in units}
    retired_units: set[str] = set()
    units_above = _UnitsAbove(plan, units)
    for position, step in enumerate(plan.steps):
        above = [units_above.of_line(line) for line in plan.step_lines(step)]
        for unit in frozenset.intersection(*above) if above else ():
            if position in retired:
                retired_units.add(unit)
            else:
                steps_of_units[unit].append(weights[position] if position < len(weights) else StepWeight.NOT_BEGUN)
    numbers: dict[str, list[int]] = {}
    highest: dict[str, int] = {}
    for id_, line in units.items():
        group, number = id_.rpartition("#")[0], line.index or 0
        highest[group] = max(highest.get(group, 0), number)
        if steps_of_units[id_] or id_ not in retired_units:
            numbers.setdefault(group, []).append(number)
    ordered = {
        group: tuple(sorted(found, key=lambda number: (*_value(steps_of_units[unit_id(group, number)]), -number)))[::-1]
        for group, found in numbers.items()
    }
    return RunningUnits(ordered, highest, frozenset(units))


def _value(weights: Sequence[int]) -> tuple[int, ...]:
    """Compares units: first by what cannot be undone, then by what has been done."""
    down_from_ponr = (StepWeight.PAST_PONR, StepWeight.BEGUN, StepWeight.WAITING)
    return (*(weights.count(weight) for weight in down_from_ponr), -weights.count(StepWeight.CANCELLED))


class _UnitsAbove:
    """For each line, the units that it belongs to. A line may be a unit itself."""

    def __init__(self, plan: Plan, units: Mapping[str, PlannedLine]) -> None:
        self._lines = {line.id: line for line in plan.fulfilment_lines}
        self._units = units
        self._known: dict[str, frozenset[str]] = {}

    def of_line(self, line: PlannedLine) -> frozenset[str]:
        if line.per is None:
            return frozenset()
        if line.id not in self._known:
            above = [
                self.of_line(self._lines[source]) if source in self._lines else frozenset() for source in line.sources
            ]
            own = frozenset({line.id} if line.id in self._units else ())
            self._known[line.id] = own | (frozenset.intersection(*above) if above else frozenset())
        return self._known[line.id]
