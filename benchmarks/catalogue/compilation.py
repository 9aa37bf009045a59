"""Compiling a large order: time and peak memory. Needs no server."""

from __future__ import annotations

import json
import time
import tracemalloc

from benchmarks.environment import DEFINITIONS
from benchmarks.orders import many_line_order
from benchmarks.reporting import format_spread, print_line
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.codec import decode_plan, encode_plan

LINES = 2_000
ROUNDS = 5


async def measure(lines: int = LINES) -> None:
    """Compares with `json.loads` of the plan's ids and edges, as a measure of the machine."""
    catalogue = load_catalogue(DEFINITIONS)
    order = many_line_order("P-1", lines)
    compile_order(many_line_order("P-0", 10), catalogue)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        plan = compile_order(order, catalogue)
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    compile_order(order, catalogue)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    began = time.perf_counter()
    encoded = encode_plan(plan)
    encoding = time.perf_counter() - began
    began = time.perf_counter()
    decode_plan(encoded)
    decoding = time.perf_counter() - began
    text = json.dumps([[step.id, step.after] for step in plan.steps])
    began = time.perf_counter()
    json.loads(text)
    yardstick = time.perf_counter() - began
    print_line(f"Composing: {lines} lines, {len(plan.steps)} steps")
    print_line(
        f"  compose {format_spread(times, ' s')}, peak {peak:.0f} MB; pack {encoding:.2f} s to "
        f"{len(encoded) / 1000:.0f} kB"
        f", unpack {decoding:.2f} s; json.loads of ids and arrows alone {yardstick * 1000:.1f} ms"
    )
