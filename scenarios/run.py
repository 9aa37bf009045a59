"""Runs scenarios and judges them."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum

from compiler.catalogue.catalogue import Catalogue
from compiler.source.gc_pause import gc_paused
from scenarios.coverage.items import Key
from scenarios.coverage.reached import reached_keys
from scenarios.expectations.judge import judge_record
from scenarios.fast.fast_run import run_fast
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


Runner = Callable[[Catalogue, Sequence[ScenarioEntry], bool], Iterator[ScenarioResult]]
"""Catalogue, scenarios, and whether to collect what they reach."""


def run_scenarios(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], mode: Mode = Mode.FAST, *, coverage: bool = False
) -> Iterator[ScenarioResult]:
    """The results, in the order of the scenarios, each as soon as it is known. `coverage`: with what they reach."""
    return RUNNERS[mode](catalogue, scenarios, coverage)


def run_one(catalogue: Catalogue, entry: ScenarioEntry, coverage: bool = False) -> ScenarioResult:
    """On the core."""
    began = time.perf_counter()
    with gc_paused():
        record = run_fast(entry, catalogue)
        failures = judge_record(entry, record)
        reached = reached_keys(entry, catalogue, record) if coverage else frozenset()
    return ScenarioResult(entry, record, failures, time.perf_counter() - began, reached)


def _run_fast(catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], coverage: bool) -> Iterator[ScenarioResult]:
    processes = min(os.cpu_count() or 1, 8)
    if len(scenarios) < WORTH_PROCESSES or processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        for entry in scenarios:
            yield run_one(catalogue, entry, coverage)
        return
    yield from _run_in_processes(catalogue, scenarios, coverage, processes)


_forked: tuple[Catalogue, Sequence[ScenarioEntry], bool] | None = None
"""What the forked processes run: they inherit it, and nothing is copied."""
Outcome = tuple[Record, list[Failure], float, frozenset[Key]]


def _run_in_processes(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], coverage: bool, processes: int
) -> Iterator[ScenarioResult]:
    global _forked
    _forked = catalogue, scenarios, coverage
    try:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            done = pool.map(_run_forked, range(len(scenarios)), chunksize=CHUNK)
            for entry, (record, failures, seconds, reached) in zip(scenarios, done, strict=True):
                yield ScenarioResult(entry, record, failures, seconds, reached)
    finally:
        _forked = None


def _run_forked(position: int) -> Outcome:
    """The record of a scenario that passes is left out: nobody reads it, and it would have to be copied."""
    if _forked is None:
        raise RuntimeError("this process was not forked from one that runs scenarios")
    catalogue, scenarios, coverage = _forked
    result = run_one(catalogue, scenarios[position], coverage)
    record = Record(result.record.order_id) if result.passed else result.record
    return record, result.failures, result.seconds, result.reached


RUNNERS: Mapping[Mode, Runner] = {Mode.FAST: _run_fast}
