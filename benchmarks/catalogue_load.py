"""Load time of a large catalogue and of PyYAML's `compose` of the same files, in alternation, each in a new process."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks.catalogue_generator import write_catalogue
from benchmarks.reporting import format_spread, print_line

OFFERS = 1_000
ROUNDS = 5

PYYAML_SCRIPT = """
import json, sys, time
from benchmarks.catalogue_load import peak_megabytes
from pathlib import Path
import yaml
start, began = time.perf_counter(), time.process_time()
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    for node in yaml.compose_all(path.read_bytes(), Loader=yaml.CSafeLoader):
        pass
taken, cpu = time.perf_counter() - start, time.process_time() - began
print(json.dumps([taken, cpu, peak_megabytes()]))
"""
LOAD_SCRIPT = """
import json, sys, time
from benchmarks.catalogue_load import peak_megabytes
from pathlib import Path
from compiler.load_catalogue import load_catalogue
start, began = time.perf_counter(), time.process_time()
catalogue = load_catalogue(Path(sys.argv[1]))
taken, cpu = time.perf_counter() - start, time.process_time() - began
steps = sum(len(workstream.steps) for workstream in catalogue.workstreams.values())
print(json.dumps([taken, cpu, peak_megabytes(), len(catalogue.products), steps]))
"""
CHECK_SCRIPT = """
import json, sys, time
from pathlib import Path
from compiler.load_catalogue import check_definitions
start = time.perf_counter()
findings = check_definitions([Path(sys.argv[1])])
print(json.dumps([time.perf_counter() - start, len(findings)]))
"""


def peak_megabytes() -> float:
    """This process's peak memory in megabytes, without that of the process that it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure() -> None:
    """Prints seconds and megabytes of both, and the ratio per round. Each starts cold, like a command or a worker.

    If other programs use the machine, only the ratio of CPU time is meaningful.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_catalogue(Path(folder), OFFERS)
        composed, loaded, checked = [], [], []
        for _ in range(ROUNDS):
            composed.append(await _run_script(PYYAML_SCRIPT, folder))
            loaded.append(await _run_script(LOAD_SCRIPT, folder))
            checked.append(await _run_script(CHECK_SCRIPT, folder))
    products, steps = loaded[0][3:]
    print_line(f"Loading: {OFFERS:,} offers, {products:,.0f} products, {steps:,.0f} steps; {ROUNDS} rounds in turns")
    for name, runs in (("PyYAML's bare compose", composed), ("load_catalogue", loaded)):
        wall, cpu = format_spread([run[0] for run in runs], " s"), format_spread([run[1] for run in runs], " s")
        print_line(f"  {name:22} {wall}, CPU {cpu}, {runs[0][2]:.0f} MB at its peak")
    print_line(
        f"  {'check (validate)':22} {format_spread([run[0] for run in checked], ' s')}, {checked[0][1]:.0f} findings"
    )
    for name, position in (("ratio", 0), ("ratio of CPU", 1)):
        ratios = [ours[position] / bare[position] for ours, bare in zip(loaded, composed, strict=True)]
        print_line(f"  {name:22} {format_spread(ratios)}")


async def _run_script(code: str, folder: str) -> list[float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    output, _ = await process.communicate()
    figures: list[float] = json.loads(output)
    return figures
