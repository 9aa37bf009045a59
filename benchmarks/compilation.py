"""Composing a large order: time, and memory at its peak. Pure: no server."""

from __future__ import annotations

import json
import time
import tracemalloc

from benchmarks.environment import DEFINITIONS
from benchmarks.order_size import many_line_order
from benchmarks.reporting import format_spread, print_line
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.codec import decode_plan, encode_plan

LINES = 2_000
ROUNDS = 5


async def measure(lines: int = LINES) -> None:
    """Against `json.loads` of the same plan as a yardstick for the machine."""
    catalogue = load_catalogue(DEFINITIONS)
    wanted = many_line_order("P-1", lines)
    compile_order(many_line_order("P-0", 10), catalogue)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        plan = compile_order(wanted, catalogue)
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    compile_order(wanted, catalogue)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    began = time.perf_counter()
    packed = encode_plan(plan)
    packing = time.perf_counter() - began
    began = time.perf_counter()
    decode_plan(packed)
    unpacking = time.perf_counter() - began
    text = json.dumps([[step.id, step.after] for step in plan.steps])
    began = time.perf_counter()
    json.loads(text)
    yardstick = time.perf_counter() - began
    print_line(f"Composing: {lines} lines, {len(plan.steps)} steps")
    print_line(
        f"  compose {format_spread(times, ' s')}, peak {peak:.0f} MB; pack {packing:.2f} s to "
        f"{len(packed) / 1000:.0f} kB"
        f", unpack {unpacking:.2f} s; json.loads of ids and arrows alone {yardstick * 1000:.1f} ms"
    )
