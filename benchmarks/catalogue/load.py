"""Load time of a large catalogue and of PyYAML's `compose` of the same files, in alternation, each in a new process."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.catalogue.generator import write_catalogue
from benchmarks.reporting import format_spread, print_line

ROOT = Path(__file__).parents[2]
NOBODY = "127.0.0.1:9"
"""No Temporal listens here: `validate` does not wait for one."""
OFFERS = 1_000
ROUNDS = 5

PYYAML_SCRIPT = """
import json, sys, time
from benchmarks.catalogue.load import peak_megabytes
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
from benchmarks.catalogue.load import peak_megabytes
from pathlib import Path
from compiler.load_catalogue import load_catalogue
start, began = time.perf_counter(), time.process_time()
catalogue = load_catalogue(Path(sys.argv[1]))
taken, cpu = time.perf_counter() - start, time.process_time() - began
steps = sum(len(workstream.steps) for workstream in catalogue.workstreams.values())
print(json.dumps([taken, cpu, peak_megabytes(), len(catalogue.products), steps]))
"""
EDIT_SCRIPT = """
import json, sys, time
from pathlib import Path
from compiler.incremental_loader import IncrementalLoader
folder = Path(sys.argv[1])
loader = IncrementalLoader([folder])
edited = folder / "offer_500.yaml"
text = edited.read_text()
taken = []
for edit in (text, text, text.replace("name: Take", "name: Took")):
    edited.write_text(edit)
    start, began = time.perf_counter(), time.process_time()
    findings = loader.load().findings
    taken.append((time.perf_counter() - start, time.process_time() - began))
edited.write_text(text)
print(json.dumps([*taken[0], *taken[1], *taken[2], len(findings)]))
"""
WORKER_SCRIPT = """
import json, sys, time
from pathlib import Path
from compiler.incremental_loader import CatalogueLoader
from compiler.load_catalogue import load_and_pack_catalogue
folder = Path(sys.argv[1])
loader = CatalogueLoader(folder)
edited = folder / "offer_500.yaml"
text = edited.read_text()
before, _ = load_and_pack_catalogue(loader)
edited.write_text(text.replace("name: Take", "name: Took"))
start, began = time.perf_counter(), time.process_time()
after, _ = load_and_pack_catalogue(loader)
taken, cpu = time.perf_counter() - start, time.process_time() - began
edited.write_text(text)
assert after.version != before.version
print(json.dumps([taken, cpu]))
"""
VALIDATE = ("starter.py", "validate")


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
        composed, loaded, edited, taken, validated = [], [], [], [], []
        for _ in range(ROUNDS):
            composed.append(await _run_script(PYYAML_SCRIPT, folder))
            loaded.append(await _run_script(LOAD_SCRIPT, folder))
            edited.append(await _run_script(EDIT_SCRIPT, folder))
            taken.append(await _run_script(WORKER_SCRIPT, folder))
            validated.append(await _time_validate(folder))
    products, steps = loaded[0][3:]
    print_line(f"Loading: {OFFERS:,} offers, {products:,.0f} products, {steps:,.0f} steps; {ROUNDS} rounds in turns")
    for name, runs in (("PyYAML's bare compose", composed), ("load_catalogue", loaded)):
        wall, cpu = format_spread([run[0] for run in runs], " s"), format_spread([run[1] for run in runs], " s")
        print_line(f"  {name:23} {wall}, CPU {cpu}, {runs[0][2]:.0f} MB at its peak")
    for name, runs, position in (
        ("all checks, cold", edited, 0),
        ("again, nothing changed", edited, 2),
        ("again, one file edited", edited, 4),
        ("worker, one file edited", taken, 0),
    ):
        wall, cpu = (format_spread([run[position + one] for run in runs], " s") for one in (0, 1))
        print_line(f"  {name:23} {wall}, CPU {cpu}")
    print_line(f"  {'`validate`':23} {format_spread(validated, ' s')} from its start to its end")
    for name, position in (("ratio", 0), ("ratio of CPU", 1)):
        ratios = [ours[position] / bare[position] for ours, bare in zip(loaded, composed, strict=True)]
        print_line(f"  {name:23} {format_spread(ratios)}")


async def _time_validate(folder: str) -> float:
    """Seconds of the command as a person waits for it."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *VALIDATE, folder, "--address", NOBODY, stdout=asyncio.subprocess.DEVNULL, cwd=ROOT
    )
    if await process.wait():
        raise RuntimeError(f"`validate` ended with the status {process.returncode}")
    return time.perf_counter() - start


async def _run_script(code: str, folder: str) -> list[float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, folder, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    output, _ = await process.communicate()
    figures: list[float] = json.loads(output)
    return figures
