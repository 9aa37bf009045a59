"""Runs scenarios and judges them."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import StrEnum

from compiler.catalogue.catalogue import Catalogue
from scenarios.expectations.judge import judge_record
from scenarios.fast.fast_run import run_fast
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.verdict import Failure, ScenarioResult

WORTH_PROCESSES = 100
"""With fewer scenarios, starting processes takes longer than it saves."""


class Mode(StrEnum):
    FAST = "fast"
    """On the core, without a server."""


Runner = Callable[[Catalogue, Sequence[ScenarioEntry]], Iterator[ScenarioResult]]


def run_scenarios(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], mode: Mode = Mode.FAST
) -> Iterator[ScenarioResult]:
    """The results, in the order of the scenarios, each as soon as it is known."""
    return RUNNERS[mode](catalogue, scenarios)


def run_one(catalogue: Catalogue, entry: ScenarioEntry) -> ScenarioResult:
    """On the core."""
    began = time.perf_counter()
    record = run_fast(entry, catalogue)
    failures = judge_record(entry, record)
    return ScenarioResult(entry, record, failures, time.perf_counter() - began)


def _run_fast(catalogue: Catalogue, scenarios: Sequence[ScenarioEntry]) -> Iterator[ScenarioResult]:
    processes = min(os.cpu_count() or 1, 8)
    if len(scenarios) < WORTH_PROCESSES or processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        for entry in scenarios:
            yield run_one(catalogue, entry)
        return
    yield from _run_in_processes(catalogue, scenarios, processes)


_forked: tuple[Catalogue, Sequence[ScenarioEntry]] | None = None
"""What the forked processes run: they inherit it, and nothing is copied."""


def _run_in_processes(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], processes: int
) -> Iterator[ScenarioResult]:
    global _forked
    _forked = catalogue, scenarios
    try:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
            done = pool.map(_run_forked, range(len(scenarios)), chunksize=8)
            for entry, (record, failures, seconds) in zip(scenarios, done, strict=True):
                yield ScenarioResult(entry, record, failures, seconds)
    finally:
        _forked = None


def _run_forked(position: int) -> tuple[Record, list[Failure], float]:
    if _forked is None:
        raise RuntimeError("this process was not forked from one that runs scenarios")
    catalogue, scenarios = _forked
    result = run_one(catalogue, scenarios[position])
    return result.record, result.failures, result.seconds


RUNNERS: Mapping[Mode, Runner] = {Mode.FAST: _run_fast}
