"""Running the sample scenarios on the core. Needs no server."""

from __future__ import annotations

import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks.reporting import format_spread, print_line
from compiler.compile_order import compile_with_warnings
from scenarios.load import load_suite
from scenarios.run import run_one, run_scenarios
from scenarios.scenario_order import submitted_order

SAMPLES = Path("definitions")
COUNT = 200
ROUNDS = 3


async def measure(count: int = COUNT) -> None:
    """Compares with compiling the same orders."""
    began = time.perf_counter()
    suite = load_suite(SAMPLES)
    loading = time.perf_counter() - began
    chosen = list(islice(cycle(suite.scenarios), count))
    times, compiling, computing = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        passed = sum(result.passed for result in run_scenarios(suite.catalogue, chosen))
        times.append(time.perf_counter() - began)
        began = time.process_time()
        for entry in suite.scenarios:
            compile_with_warnings(submitted_order(entry, suite.catalogue), suite.catalogue)
        compiling.append((time.process_time() - began) / len(suite.scenarios))
        began = time.process_time()
        for entry in suite.scenarios:
            run_one(suite.catalogue, entry)
        computing.append((time.process_time() - began) / len(suite.scenarios))
    print_line(f"Scenarios: {count} on the core, {passed} passed")
    each = format_spread([seconds * 1000 for seconds in computing])
    print_line(f"  load {loading:.2f} s, run {format_spread(times, ' s')}")
    print_line(
        f"  each {each} ms of one core, {min(computing) / min(compiling):.1f} times what its order takes to compile"
    )
