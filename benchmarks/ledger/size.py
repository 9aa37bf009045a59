"""A ledger with many orders: how fast they are written, how large they are, and how fast each documented pair of filter
and sort is answered, as users work (warm), and then with nothing in memory (cold)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import Engine, func, select

from benchmarks.ledger.filled_ledger import Site, filled_ledger
from benchmarks.ledger.order_generator import OrderGenerator
from benchmarks.ledger.pairs import OrderPair, WorkPair, order_pairs, work_pairs
from benchmarks.reporting import percentile, print_line
from ledger.reading.filters.work_criteria import WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.ledger_reader import LedgerReader
from ledger.schema.tables import orders, steps

SAMPLES = 30
LIMITS = {"sqlite": 100.0, "postgresql": 50.0}
"""Milliseconds: the greatest p95 of a pair."""

Question = Callable[[LedgerReader, Random], object]
"""Asks for a page, with values drawn anew."""


@dataclass(frozen=True)
class Pair:
    filter: str
    sort: str
    ask: Question

    @property
    def name(self) -> str:
        return f"{self.filter} {self.sort}".strip()


def measure(count: int, database: str, keep: Path | None = None, only: str = "", *, cold: bool = True) -> bool:
    """`only`: a part of the filter and sort of the pairs to ask, as in `search (name) ended:desc`. `cold`: whether they
    are asked with nothing in memory, too. The rest is as for `filled_ledger`. Returns whether every p95 is within its
    limit. Raises SystemExit if `only` fits no pair."""
    generator = OrderGenerator(count)
    pairs = [pair for pair in _pairs(generator) if only in pair.name]
    if not pairs:
        raise SystemExit(f"No pair of filter and sort contains `{only}`")
    with filled_ledger(generator, database, keep) as (site, engine):
        holds = _measure_warm(site, engine, pairs, LIMITS[database])
        if cold:
            _measure_cold(site, engine, pairs)
    return holds


def _measure_warm(site: Site, engine: Engine, pairs: Sequence[Pair], limit: float) -> bool:
    reader = LedgerReader(engine)
    with engine.connect() as connection:
        rows = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (orders, steps)]
    print_line(f"{rows[0]:,} orders, {rows[1]:,} steps; milliseconds of {SAMPLES} pages of 100")
    print_line(f"  {'filter':<24}{'sort':<20}{'p50':>8}{'p95':>8}{'max':>8}")
    site.warm_up()
    medians, slowest = [], []
    for pair in pairs:
        random = Random(pair.name)
        _milliseconds(pair, reader, random)
        warm = [_milliseconds(pair, reader, random) for _ in range(SAMPLES)]
        p50, p95 = (percentile(warm, fraction) for fraction in (0.5, 0.95))
        mark = "  over the limit" if p95 > limit else ""
        print_line(f"  {pair.filter:<24}{pair.sort:<20}{p50:8.1f}{p95:8.1f}{max(warm):8.1f}{mark}")
        medians.append(p50)
        slowest.append(p95)
    held = sum(p95 <= limit for p95 in slowest)
    print_line(
        f"{held} of {len(slowest)} pairs within {limit:.0f} ms; half of them within {percentile(slowest, 0.5):.1f} ms"
    )
    print_line(f"greatest p50: {max(medians):.1f} ms, greatest p95: {max(slowest):.1f} ms")
    return max(slowest) <= limit


def _measure_cold(site: Site, engine: Engine, pairs: Sequence[Pair]) -> None:
    reader, slowest = LedgerReader(engine), []
    for pair in pairs:
        site.cool_down(engine)
        slowest.append((_milliseconds(pair, reader, Random(pair.name)), pair.name))
    print_line(f"greatest first answer, cold: {max(slowest)[0]:.1f} ms ({max(slowest)[1]})")


def _pairs(generator: OrderGenerator) -> Iterator[Pair]:
    def list_orders(pair: OrderPair) -> Question:
        return lambda reader, random: reader.list_orders(pair.build(random), str(pair.sort))

    def list_work(kind: WorkKind, pair: WorkPair) -> Question:
        return lambda reader, random: reader.list_work(kind, pair.build(random), str(pair.sort))

    for pair in order_pairs(generator):
        yield Pair(pair.name, str(pair.sort), list_orders(pair))
    for kind, work in work_pairs():
        yield Pair(f"{kind}: {work.name}", str(work.sort), list_work(kind, work))
    yield Pair("groups of fallout", "", lambda reader, _random: reader.group_fallout(WorkFilter()))
    yield Pair("groups of tasks", "", lambda reader, _random: reader.group_tasks(WorkFilter()))
    yield Pair("one order", "", lambda reader, random: reader.read_order(f"SO-{random.randrange(generator.count):07}"))


def _milliseconds(pair: Pair, reader: LedgerReader, random: Random) -> float:
    began = time.perf_counter()
    pair.ask(reader, random)
    return (time.perf_counter() - began) * 1000
