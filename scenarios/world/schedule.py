"""What happens in a scenario, and when: each entry of `world` that is no answer, and each moment of `expect`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from compiler.language.durations import Duration
from compiler.language.scenario_actions import CompleteEntry, ProceedEntry, RedoEntry, RetryEntry, SkipEntry
from compiler.language.scenario_expectations import MomentExpectation
from compiler.language.scenario_timed_entries import AwaitedStep, CallbackEntry, TimedEntry
from compiler.language.scenario_world import WorldEntry
from scenarios.record import Problem
from scenarios.step_references import names_step

ENDING = (CompleteEntry, CallbackEntry, RetryEntry, SkipEntry, ProceedEntry, RedoEntry)
"""What ends the wait of a step. Several of them for the same step and state are used in turn, as answers are."""


class Timed(Protocol):
    """An entry with a time."""

    @property
    def after(self) -> Duration | None: ...
    @property
    def when(self) -> AwaitedStep | None: ...


@dataclass(frozen=True, slots=True)
class Due:
    """The entry at `position` is due at `at` (seconds since the start), because of the step that `when` names."""

    kind: Literal["world", "moment"]
    position: int
    at: float
    step: str | None = None


@dataclass(slots=True)
class Schedule:
    """Says what becomes due. The caller reports how the steps move, and keeps the clock."""

    world: list[WorldEntry]
    moments: list[MomentExpectation]
    _triggered: dict[tuple[int, str], int] = field(default_factory=dict)
    _moments_triggered: set[int] = field(default_factory=set)
    _happened: set[int] = field(default_factory=set)

    def at_start(self) -> Iterator[Due]:
        for position, moment in enumerate(self.moments):
            if moment.when is None:
                yield Due("moment", position, _seconds(moment))
        for position, entry in enumerate(self.world):
            if isinstance(entry, TimedEntry) and entry.when is None:
                yield Due("world", position, _seconds(entry))

    def step_moved(self, step_id: str, state: str, *, undo: bool, at: float) -> Iterator[Due]:
        """The step, or its undo, has come into this state."""
        for position, moment in enumerate(self.moments):
            if moment.when and position not in self._moments_triggered and _meant(moment.when, step_id, state, undo):
                self._moments_triggered.add(position)
                yield Due("moment", position, at + _seconds(moment), step_id)
        is_taken = False
        """An entry that ends the step's wait is due: the next such entry is for the next time."""
        for position, entry in enumerate(self.world):
            if not isinstance(entry, TimedEntry) or entry.when is None or not _meant(entry.when, step_id, state, undo):
                continue
            times = self._triggered.get((position, step_id), 0)
            ends = isinstance(entry, ENDING) and entry.refused is None
            if times < entry.times and not (ends and is_taken):
                is_taken = is_taken or ends
                self._triggered[position, step_id] = times + 1
                yield Due("world", position, at + _seconds(entry), step_id)

    def happened(self, position: int) -> None:
        self._happened.add(position)

    def missing(self, stopped: str = "") -> Iterator[Problem]:
        """The entries that have not happened. `stopped`: why the run ended before the order did, if so."""
        for position, entry in enumerate(self.world):
            if isinstance(entry, TimedEntry) and position not in self._happened:
                yield Problem(("world", position), _why_missing(entry, self._was_triggered(position), stopped))

    def _was_triggered(self, position: int) -> bool:
        return any(at == position for at, _ in self._triggered)


def _seconds(entry: Timed) -> float:
    return entry.after.total_seconds() if entry.after is not None else 0.0


def _meant(awaited: AwaitedStep, step_id: str, state: str, undo: bool) -> bool:
    return (awaited.of == "undo") is undo and awaited.state == state and names_step(awaited.step, step_id)


def _why_missing(entry: TimedEntry, triggered: bool, stopped: str) -> str:
    awaited = entry.when
    if awaited is None or triggered:
        return f"this has not happened: {stopped or 'the order had ended by then'}"
    whose = f"the undo of {awaited.step}" if awaited.of == "undo" else awaited.step
    return f"this has not happened: {whose} was never {awaited.state}"
