"""The pairs of filter and sort that docs/ledger.md lists, with values of generated orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from benchmarks.ledger.order_generator import CODES, LAST_NAMES, PEOPLE, QUEUES, SPAN, OrderGenerator
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_criteria import WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.order_lists.order_search import INDEXED_PAIRS
from ledger.reading.paging.sorting import OrderColumn, Sort, WorkColumn
from workflows.contract.states import Jeopardy, OrderState

PAGE = 100
SYSTEMS = ("inventory", "network", "billing", "logistics")


@dataclass(frozen=True)
class OrderPair:
    name: str
    """Of the filter."""
    sort: Sort[OrderColumn]
    build: Callable[[Random], OrderFilter]
    """A filter with values drawn anew."""


@dataclass(frozen=True)
class WorkPair:
    name: str
    sort: Sort[WorkColumn]
    build: Callable[[Random], WorkFilter]


def order_pairs(generator: OrderGenerator) -> Iterator[OrderPair]:
    """Each filter with each sort: those of INDEXED_PAIRS with values that many orders have, all others with values that
    fewer than 10,000 have."""
    for name, build in _common(generator).items():
        criterion = name.partition(" ")[0]
        columns = INDEXED_PAIRS[criterion if criterion != "none" else None]
        for column in sorted(columns):
            for descending in (True,) if column is OrderColumn.RECENT else (True, False):
                yield OrderPair(name, Sort(column, descending), build)
    for name, build in _selective(generator).items():
        for column in OrderColumn:
            yield OrderPair(name, Sort(column, True), build)


def work_pairs() -> Iterator[tuple[WorkKind, WorkPair]]:
    builders: dict[str, Callable[[Random], WorkFilter]] = {
        "none": lambda _random: WorkFilter(limit=PAGE),
        "queue": lambda random: WorkFilter(queue=random.choice(QUEUES), limit=PAGE),
        "holder": lambda random: WorkFilter(holder=random.choice(PEOPLE), limit=PAGE),
        "system": lambda random: WorkFilter(system=random.choice(SYSTEMS), limit=PAGE),
        "code": lambda random: WorkFilter(code=random.choice(CODES), limit=PAGE),
        "product": lambda random: WorkFilter(product=f"offer_{random.randrange(10):02}", limit=PAGE),
        "late": lambda _random: WorkFilter(late=True, limit=PAGE),
        "search": lambda random: WorkFilter(search=random.choice(LAST_NAMES), limit=PAGE),
    }
    kinds: tuple[WorkKind, ...] = ("task", "fallout")
    for kind in kinds:
        for name, build in builders.items():
            for column in WorkColumn:
                yield kind, WorkPair(name, Sort(column, False), build)


def _common(generator: OrderGenerator) -> dict[str, Callable[[Random], OrderFilter]]:
    def at(random: Random) -> timedelta:
        return SPAN * random.random()

    begin = generator.now - SPAN
    return {
        "none": lambda _random: OrderFilter(limit=PAGE),
        "states": lambda random: OrderFilter(states=(random.choice(tuple(OrderState)),), limit=PAGE),
        "states (two)": lambda _random: OrderFilter(states=(OrderState.COMPLETED, OrderState.IN_PROGRESS), limit=PAGE),
        "customer": lambda random: OrderFilter(customer=f"C-{int(random.expovariate(0.5)):06}", limit=PAGE),
        "catalogue_version": lambda random: OrderFilter(
            catalogue_version=f"sha256:{random.randrange(60):064x}", limit=PAGE
        ),
        "product": lambda random: OrderFilter(product=f"offer_{random.randrange(40):02}", limit=PAGE),
        "system": lambda random: OrderFilter(system=random.choice(SYSTEMS), limit=PAGE),
        "jeopardy": lambda random: OrderFilter(jeopardy=(random.choice(tuple(Jeopardy)),), limit=PAGE),
        "running": lambda _random: OrderFilter(running=True, limit=PAGE),
        "started_at": lambda random: OrderFilter(since=begin + at(random), limit=PAGE),
        "started_at (month)": lambda random: OrderFilter(
            since=(since := begin + at(random)), until=since + timedelta(days=30), limit=PAGE
        ),
        "ended_at": lambda random: OrderFilter(ended_until=begin + at(random), limit=PAGE),
        "requested_completion": lambda random: OrderFilter(requested_since=begin + at(random), limit=PAGE),
    }


def _selective(generator: OrderGenerator) -> dict[str, Callable[[Random], OrderFilter]]:
    count, begin = generator.count, generator.now - SPAN
    day = SPAN * min(5_000 / count, 0.05)

    def number(random: Random) -> int:
        return random.randrange(count)

    return {
        "search (id)": lambda random: OrderFilter(search=f"so-{number(random):07}", limit=PAGE),
        "search (beginning)": lambda random: OrderFilter(search=f"so-{number(random):07}"[:7], limit=PAGE),
        "search (name)": lambda random: OrderFilter(search=f"{random.choice(LAST_NAMES)} elm", limit=PAGE),
        "search (common)": lambda random: OrderFilter(search=random.choice(LAST_NAMES), limit=PAGE),
        "external_id": lambda random: OrderFilter(external_id=f"CRM-{number(random) * 7:07}", limit=PAGE),
        "queue": lambda random: OrderFilter(queue=random.choice(QUEUES), limit=PAGE),
        "holder": lambda random: OrderFilter(holder=random.choice(PEOPLE), limit=PAGE),
        "code": lambda random: OrderFilter(code=random.choice(CODES), limit=PAGE),
        "code and system": lambda random: OrderFilter(code=CODES[0], system=random.choice(SYSTEMS), limit=PAGE),
        "fallout": lambda _random: OrderFilter(fallout=True, limit=PAGE),
        "open_tasks": lambda _random: OrderFilter(open_tasks=True, limit=PAGE),
        "late": lambda _random: OrderFilter(late=True, limit=PAGE),
        "customer (small)": lambda random: OrderFilter(customer=f"C-{random.randrange(200, 2000):06}", limit=PAGE),
        "started_at (day)": lambda random: OrderFilter(
            since=(since := begin + SPAN * random.random()), until=since + day, limit=PAGE
        ),
        "customer and states": lambda random: OrderFilter(
            customer=f"C-{random.randrange(100):06}", states=(OrderState.COMPLETED,), limit=PAGE
        ),
        "product and states": lambda random: OrderFilter(
            product=f"offer_{random.randrange(10):02}", states=(OrderState.IN_PROGRESS,), limit=PAGE
        ),
    }
