"""The verdict about one scenario."""

from __future__ import annotations

from dataclasses import dataclass, field

from compiler.source.findings import SourceLocation
from scenarios.coverage.items import Key
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold, or a part of the scenario that does not mean what its author thinks."""

    location: SourceLocation
    message: str
    """In one sentence: what was expected, and what came instead."""
    expected: str = ""
    actual: str = ""
    """Both for people, to be shown beside each other; empty if there is no such pair."""
    at: float | None = None
    """When it showed, in seconds since the start; None: at the end, or at no certain time."""
    step: str | None = None
    """The step that it is about."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    entry: ScenarioEntry
    record: Record
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    """How long the run took."""
    reached: frozenset[Key] = frozenset()
    """What it has reached of the catalogue, if that was asked for."""

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def id(self) -> str:
        return self.entry.model.id

    @property
    def location(self) -> SourceLocation:
        return self.entry.document.location(("id",))
