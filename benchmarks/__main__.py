"""`python -m benchmarks [NAME …]`: runs benchmarks and prints ratios to a baseline of the same run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks import catalogue_load, compilation, latency, order_size, rollback, scenario_runs, throughput

BENCHMARKS: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
    "load": catalogue_load.measure,
    "compose": compilation.measure,
    "scenarios": scenario_runs.measure,
    "throughput": throughput.measure,
    "latency": latency.measure,
    "size": order_size.measure,
    "kill": order_size.measure_kill,
    "rollback": rollback.measure,
    "huge": lambda: order_size.measure((500, 50_000)),
}
ON_DEMAND = {"huge"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ordo's benchmarks.")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or [name for name in BENCHMARKS if name not in ON_DEMAND]
    for name in names:
        asyncio.run(BENCHMARKS[name]())


if __name__ == "__main__":
    main()
