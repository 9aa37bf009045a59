"""Load time of a large catalogue against PyYAML's bare compose of the same files, in turns, each in a fresh process."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.catalogue_of import write_offers
from benchmarks.figures import say, spread

OFFERS = 1_000
ROUNDS = 5

COMPOSE = """
import json, resource, sys, time
from pathlib import Path
import yaml
start = time.perf_counter()
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    for node in yaml.compose_all(path.read_bytes(), Loader=yaml.CSafeLoader):
        pass
taken = time.perf_counter() - start
print(json.dumps([taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
LOAD = """
import json, resource, sys, time
from pathlib import Path
from compiler.loading import check, load_catalogue
start = time.perf_counter()
catalogue = load_catalogue(Path(sys.argv[1]))
taken = time.perf_counter() - start
steps = sum(len(workstream.steps) for workstream in catalogue.workstreams.values())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([taken, peak, len(catalogue.products), steps]))
"""
CHECK = """
import json, sys, time
from pathlib import Path
from compiler.loading import check
start = time.perf_counter()
findings = check([Path(sys.argv[1])])
print(json.dumps([time.perf_counter() - start, len(findings)]))
"""


async def measure() -> None:
    """Prints seconds and megabytes of both, and the ratio of each round: cold, as a command or a worker starts."""
    with tempfile.TemporaryDirectory() as folder:
        write_offers(Path(folder), OFFERS)
        composed, loaded, checked = [], [], []
        for _ in range(ROUNDS):
            composed.append(await _run(COMPOSE, folder))
            loaded.append(await _run(LOAD, folder))
            checked.append(await _run(CHECK, folder))
    _, _, products, steps = loaded[0]
    ratios = [ours[0] / bare[0] for ours, bare in zip(loaded, composed, strict=True)]
    say(f"load: {OFFERS:,} offers, {products:,.0f} products, {steps:,.0f} steps, {ROUNDS} rounds in turns")
    say(f"  PyYAML's bare compose   {spread([one[0] for one in composed], ' s')}, {composed[0][1]:.0f} MB at its peak")
    say(f"  load_catalogue          {spread([one[0] for one in loaded], ' s')}, {loaded[0][1]:.0f} MB at its peak")
    say(f"  check (validate)        {spread([one[0] for one in checked], ' s')}, {checked[0][1]:.0f} findings")
    say(f"  ratio                   {spread(ratios)}")


async def _run(code: str, folder: str) -> list[float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    output, _ = await process.communicate()
    figures: list[float] = json.loads(output)
    return figures
