"""Puts faults into a catalogue, one at a time, and looks whether a scenario fails."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from compiler.source.document import ReadResult
from compiler.source.findings import CatalogueInvalid, Finding
from scenarios.forked_processes import forked_processes, useful_processes
from scenarios.load import Suite, build_suite
from scenarios.mutations.faults import Fault, FaultKind, faults_of
from scenarios.run import run_one
from scenarios.scenario_order import ScenarioEntry


@dataclass(frozen=True, slots=True)
class FaultResult:
    """What became of one fault."""

    fault: Fault
    refused: Finding | None = None
    """The first error, if the catalogue with the fault is not valid; then no scenario ran."""
    found_by: str | None = None
    """The id of the first scenario that failed."""

    @property
    def survived(self) -> bool:
        return self.refused is None and self.found_by is None


def draw_faults(read: ReadResult, count: int, seed: int, only: frozenset[str] | None = None) -> list[Fault]:
    """Up to `count` of all faults, at random, but the kinds in turn, so that rare ones are among them.

    `only`: the ids of the definitions that get faults; all, if None.
    """
    randomness = random.Random(seed)
    by_kind: dict[FaultKind, list[Fault]] = defaultdict(list)
    for document in read.documents:
        if only is not None and not (isinstance(document.data, dict) and document.data.get("id") in only):
            continue
        for fault in faults_of(document):
            by_kind[fault.kind].append(fault)
    for faults in by_kind.values():
        randomness.shuffle(faults)
    drawn: list[Fault] = []
    while len(drawn) < count and any(by_kind.values()):
        for kind in sorted(by_kind):
            if by_kind[kind] and len(drawn) < count:
                drawn.append(by_kind[kind].pop())
    return drawn


def try_faults(read: ReadResult, faults: Sequence[Fault], only: Set[str] | None = None) -> Iterator[FaultResult]:
    """The results, in the order of the faults. `read`: what they were drawn from, with scenarios that pass.

    `only`: the ids of the scenarios that have to find them; all, if None.
    """
    processes = min(useful_processes(), len(faults))
    if processes < 2:
        trial = _Trial(read, only)
        yield from map(trial.try_fault, faults)
        return
    global _forked
    _forked = _Trial(read, only), faults
    try:
        with forked_processes(processes) as pool:
            tried = pool.map(_try_forked, range(len(faults)), chunksize=1)
            for fault, (refused, found_by) in zip(faults, tried, strict=True):
                yield FaultResult(fault, refused, found_by)
    finally:
        _forked = None


_forked: tuple[_Trial, Sequence[Fault]] | None = None
"""What the forked processes use."""


def _try_forked(position: int) -> tuple[Finding | None, str | None]:
    if _forked is None:
        raise RuntimeError("this process was not forked from one that tries faults")
    trial, faults = _forked
    result = trial.try_fault(faults[position])
    return result.refused, result.found_by


@dataclass
class _Trial:
    """Runs the scenarios that failed most often first: most faults are then found by the first few."""

    read: ReadResult
    only: Set[str] | None = None
    found: Counter[str] = field(default_factory=Counter)
    """Scenario → how many faults it has found."""
    involved: dict[str, set[str]] = field(default_factory=dict)
    """Scenario → the products and workstreams whose steps it runs."""

    def __post_init__(self) -> None:
        suite = build_suite(self.read)
        for entry in self._scenarios(suite):
            timeline = run_one(suite.catalogue, entry).record.timeline
            self.involved[entry.model.id] = {moment.step.split(".")[0] for moment in timeline if moment.step}

    def _scenarios(self, suite: Suite) -> list[ScenarioEntry]:
        return [entry for entry in suite.scenarios if self.only is None or entry.model.id in self.only]

    def try_fault(self, fault: Fault) -> FaultResult:
        documents = list(self.read.documents)
        documents[next(at for at, each in enumerate(documents) if each is fault.original)] = fault.document
        try:
            suite = build_suite(ReadResult(documents))
        except CatalogueInvalid as invalid:
            return FaultResult(fault, refused=next(one for one in invalid.findings if one.refuses_catalogue))
        return FaultResult(fault, found_by=self._first_failure(suite, fault))

    def _first_failure(self, suite: Suite, fault: Fault) -> str | None:
        """A scenario that cannot be run any more has found the fault, too."""
        scenarios = self._scenarios(suite)
        if len(scenarios) < len(self.involved):
            return "a scenario that cannot be run any more"
        mutated = str(fault.original.data.get("id"))

        def rank(scenario: str) -> tuple[bool, int]:
            return mutated not in self.involved[scenario], -self.found[scenario]

        for entry in sorted(scenarios, key=lambda entry: rank(entry.model.id)):
            if not run_one(suite.catalogue, entry).passed:
                self.found[entry.model.id] += 1
                return entry.model.id
        return None
