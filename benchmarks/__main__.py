"""`python -m benchmarks [NAME …]`: runs benchmarks and prints ratios to a baseline of the same run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.catalogue import compilation, load, scenario_runs
from benchmarks.console import lists, plan, streams
from benchmarks.engine import latency, order_size, rollback, throughput
from benchmarks.ledger import cost, freshness, size

BENCHMARKS: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
    "load": load.measure,
    "compose": compilation.measure,
    "scenarios": scenario_runs.measure,
    "throughput": throughput.measure,
    "latency": latency.measure,
    "ledger": cost.measure,
    "freshness": freshness.measure,
    "streams": streams.measure,
    "size": order_size.measure,
    "kill": order_size.measure_kill,
    "rollback": rollback.measure,
    "huge": lambda: order_size.measure((500, 50_000)),
}
ON_DEMAND = {"huge"}
LEDGER_SIZE = "ledger_size"
"""On demand, with options of its own. Its exit status says whether the limits hold."""
CONSOLE_LISTS = "console_lists"
"""On demand, since it needs a browser and a large ledger. Its exit status says whether the limits hold."""
CONSOLE_PLAN = "console_plan"
"""On demand, since it needs a browser. Its exit status says whether the limits hold."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ordo's benchmarks.")
    names = [*BENCHMARKS, LEDGER_SIZE, CONSOLE_LISTS, CONSOLE_PLAN]
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    ledger = parser.add_argument_group("ledger_size and console_lists")
    ledger.add_argument(
        "--orders", type=int, default=100_000, metavar="N", help="orders of the ledger (default: 100000)"
    )
    ledger.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    ledger.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the database here, or reuse it")
    ledger.add_argument("--only", default="", metavar="TEXT", help="of ledger_size: pairs with this in filter and sort")
    ledger.add_argument("--warm", action="store_true", help="of ledger_size: ask nothing cold")
    arguments = parser.parse_args()
    large_ledger = (arguments.orders, arguments.database, arguments.keep)
    for name in arguments.names or [name for name in BENCHMARKS if name not in ON_DEMAND]:
        if name == CONSOLE_PLAN:
            holds = asyncio.run(plan.measure())
        elif name == CONSOLE_LISTS:
            holds = asyncio.run(lists.measure(*large_ledger))
        elif name == LEDGER_SIZE:
            holds = size.measure(*large_ledger, arguments.only, cold=not arguments.warm)
        else:
            holds = True
            asyncio.run(BENCHMARKS[name]())
        if not holds:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
