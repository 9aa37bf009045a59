"""Runs scenarios and judges them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from compiler.catalogue.catalogue import Catalogue
from compiler.source.garbage_collection import gc_paused
from scenarios.coverage.items import Key
from scenarios.coverage.reached import reached_keys
from scenarios.expectations.judge import judge_record
from scenarios.fast.fast_run import run_fast
from scenarios.forked_processes import forked_processes, useful_processes
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.verdict import Failure, ScenarioResult

WORTH_PROCESSES = 100
"""With fewer scenarios, starting processes takes longer than it saves."""


CHUNK = 16
"""Scenarios that a process takes at once."""


class Mode(StrEnum):
    FAST = "fast"
    """On the core, without a server."""
    SERVER = "server"
    """On a real Temporal server that skips time, with real HTTP."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    coverage: bool = False
    """Collect what the scenarios reach."""
    keep_records: bool = False
    """Keep the records of scenarios that pass, too."""


Runner = Callable[[Catalogue, Sequence[ScenarioEntry], RunOptions], Iterator[ScenarioResult]]


def run_scenarios(
    catalogue: Catalogue,
    scenarios: Sequence[ScenarioEntry],
    mode: Mode = Mode.FAST,
    options: RunOptions | None = None,
) -> Iterator[ScenarioResult]:
    """The results, in the order of the scenarios, each as soon as it is known."""
    return RUNNERS[mode](catalogue, scenarios, options or RunOptions())


def run_one(catalogue: Catalogue, entry: ScenarioEntry, coverage: bool = False) -> ScenarioResult:
    """On the core."""
    began = time.perf_counter()
    with gc_paused():
        record = run_fast(entry, catalogue)
        failures = judge_record(entry, record)
        reached = reached_keys(entry, catalogue, record) if coverage else frozenset()
    return ScenarioResult(entry, record, failures, time.perf_counter() - began, reached)


def _run_fast(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], options: RunOptions
) -> Iterator[ScenarioResult]:
    processes = useful_processes()
    if len(scenarios) < WORTH_PROCESSES or processes < 2:
        for entry in scenarios:
            yield run_one(catalogue, entry, options.coverage)
        return
    yield from _run_in_processes(catalogue, scenarios, options, processes)


_forked: tuple[Catalogue, Sequence[ScenarioEntry], RunOptions] | None = None
"""What the forked processes run."""
Outcome = tuple[Record, list[Failure], float, frozenset[Key]]


def _run_in_processes(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], options: RunOptions, processes: int
) -> Iterator[ScenarioResult]:
    global _forked
    _forked = catalogue, scenarios, options
    try:
        with forked_processes(processes) as pool:
            done = pool.map(_run_forked, range(len(scenarios)), chunksize=CHUNK)
            for entry, (record, failures, seconds, reached) in zip(scenarios, done, strict=True):
                yield ScenarioResult(entry, record, failures, seconds, reached)
    finally:
        _forked = None


def _run_forked(position: int) -> Outcome:
    """The record of a scenario that passes is left out if nobody reads it: it would have to be copied."""
    if _forked is None:
        raise RuntimeError("this process was not forked from one that runs scenarios")
    catalogue, scenarios, options = _forked
    result = run_one(catalogue, scenarios[position], options.coverage)
    is_read = options.keep_records or not result.passed
    record = result.record if is_read else Record(result.record.order_id)
    return record, result.failures, result.seconds, result.reached


def _run_on_server(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], options: RunOptions
) -> Iterator[ScenarioResult]:
    from scenarios.server_run.runner import run_on_server  # the fast mode does without Temporal

    for result in run_on_server(catalogue, scenarios):
        reached = reached_keys(result.entry, catalogue, result.record) if options.coverage else frozenset()
        yield replace(result, reached=reached)


RUNNERS: Mapping[Mode, Runner] = {Mode.FAST: _run_fast, Mode.SERVER: _run_on_server}
