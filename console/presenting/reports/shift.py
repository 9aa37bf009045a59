"""The hand-over of a shift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from console.presenting.charts.bars import Bar, bar, longest_of
from ledger.reports.model.shift_report import ShiftReport
from ledger.reports.model.stuck_orders import StuckOrders
from views.infrastructure.deployed_catalogue import short_version
from views.reports.period_text import NONE, share_text
from views.shared.state_styles import JEOPARDY_STYLES
from views.shared.value_format import in_words, pluralize
from workflows.contract.states import OrderState

_ENDED_TONES = {OrderState.COMPLETED: "good", OrderState.PARTIAL: "warn", OrderState.FAILED: "bad"}


@dataclass(frozen=True)
class Figure:
    """A number at the top of the page."""

    value: int
    label: str
    detail: str
    tone: str
    url: str = ""


@dataclass(frozen=True)
class CountRow:
    name: str
    count: int
    bar: Bar
    url: str = ""


@dataclass(frozen=True)
class StuckRow:
    what: str
    detail: str
    queue: str
    count: str
    """`12 steps in 9 orders`."""
    since: datetime | None
    tone: str
    url: str
    bar: Bar


@dataclass(frozen=True)
class FailingRow:
    system: str
    code: str
    failed: int
    share: str
    orders: int
    first_at: datetime
    last_at: datetime
    last_success_at: datetime | None
    bar: Bar


@dataclass(frozen=True)
class PersonRow:
    by: str
    total: int
    actions: str
    bar: Bar


@dataclass(frozen=True)
class ShiftPage:
    figures: tuple[Figure, ...]
    products: tuple[CountRow, ...]
    ended: tuple[CountRow, ...]
    stuck: tuple[StuckRow, ...]
    failing: tuple[FailingRow, ...]
    people: tuple[PersonRow, ...]
    versions: tuple[tuple[str, str, datetime, int], ...]
    """Whole version, short version, since when, and how many orders."""


def shift_page(report: ShiftReport) -> ShiftPage:
    products, ended = report.arrived.by_product, report.ended.by_state
    most_failed = longest_of([row.failed for row in report.failing_systems])
    most_done = longest_of([person.total for person in report.people])
    return ShiftPage(
        figures=tuple(_figures(report)),
        products=tuple(_counts(products, "planned", "orders", "product")),
        ended=tuple(
            CountRow(
                in_words(state),
                count,
                bar([(count, _ENDED_TONES.get(state, "undo"), "orders")], longest_of([*ended.values()])),
                f"/orders?{urlencode({'state': state.value, 'ended_since': report.since.isoformat()})}",
            )
            for state, count in ended.items()
        ),
        stuck=tuple(_stuck(report.stuck)),
        failing=tuple(
            FailingRow(
                row.system,
                row.code or NONE,
                row.failed,
                share_text(row.failed, row.attempts),
                row.orders,
                row.first_at,
                row.last_at,
                row.last_success_at,
                bar([(row.failed, "bad", "failed attempts")], most_failed),
            )
            for row in report.failing_systems
        ),
        people=tuple(
            PersonRow(
                person.by,
                person.total,
                ", ".join(f"{count:,} {name}" for name, count in person.actions.items()),
                bar([(person.total, "active", "actions")], most_done),
            )
            for person in report.people
        ),
        versions=tuple(
            (version.version, short_version(version.version), version.first_at, version.orders)
            for version in report.new_versions
        ),
    )


def _counts(counts: Mapping[str, int], tone: str, noun: str, criterion: str) -> Iterator[CountRow]:
    longest = longest_of([*counts.values()])
    for name, count in counts.items():
        yield CountRow(name, count, bar([(count, tone, noun)], longest), f"/orders?{urlencode({criterion: name})}")


def _figures(report: ShiftReport) -> Iterator[Figure]:
    came, ended, stuck = report.arrived, report.ended, report.stuck
    rejected = f"{came.rejected:,} rejected" if came.rejected else ""
    undecided = f"{came.undecided:,} not decided yet" if came.undecided else ""
    arrived = ", ".join(filter(None, (f"{came.accepted:,} accepted", rejected, undecided)))
    period = {"since": report.since.isoformat(), "until": report.until.isoformat()}
    yield Figure(came.submitted, "orders came", arrived, "planned", f"/orders?{urlencode(period)}")
    done = sum(ended.by_state.values())
    late = f"{ended.late:,} after the requested time" if ended.late else "none of them late" if done else ""
    yield Figure(done, "orders ended", late, "warn" if ended.late else "good")
    fallout = sum(cause.steps for cause in stuck.fallout)
    causes = pluralize(len(stuck.fallout), "cause") if fallout else "nothing waits for a decision"
    yield Figure(fallout, "steps in fallout now", causes, "bad" if fallout else "good", "/orders?fallout=true")
    tasks, overdue = sum(row.tasks for row in stuck.tasks), sum(row.overdue for row in stuck.tasks)
    unclaimed = sum(row.unclaimed for row in stuck.tasks)
    detail = ", ".join(filter(None, (f"{overdue:,} overdue" if overdue else "", f"{unclaimed:,} unclaimed")))
    yield Figure(tasks, "tasks now", detail if tasks else "", "bad" if overdue else "active", "/orders?tasks=true")


def _stuck(stuck: StuckOrders) -> Iterator[StuckRow]:
    """The causes with the most steps or orders first, within each kind."""
    most = longest_of([each.steps for each in stuck.fallout] + [each.tasks for each in stuck.tasks])
    for cause in stuck.fallout:
        names = {"system": cause.system, "code": cause.code, "queue": cause.queue, "fallout": "true"}
        yield StuckRow(
            "in fallout",
            ": ".join(filter(None, (cause.system, cause.code))) or NONE,
            cause.queue or "",
            f"{pluralize(cause.steps, 'step')} in {pluralize(cause.orders, 'order')}",
            cause.since,
            "bad",
            _orders(names),
            bar([(cause.steps, "bad", "steps")], most),
        )
    for tasks in stuck.tasks:
        overdue = f", {tasks.overdue:,} overdue" if tasks.overdue else ""
        parts = ((tasks.overdue, "bad", "overdue"), (tasks.tasks - tasks.overdue, "active", "in time"))
        yield StuckRow(
            "tasks",
            f"{tasks.unclaimed:,} unclaimed" if tasks.unclaimed else "all claimed",
            tasks.queue or "",
            f"{pluralize(tasks.tasks, 'task')}{overdue}",
            tasks.since,
            "bad" if tasks.overdue else "active",
            _orders({"queue": tasks.queue, "tasks": "true"}),
            bar(parts, most),
        )
    yield from _stuck_orders(stuck)


def _stuck_orders(stuck: StuckOrders) -> Iterator[StuckRow]:
    counts = [held.orders for held in stuck.held] + [ended.orders for ended in stuck.interrupted]
    most = longest_of(counts + [late.orders for late in stuck.late])
    for held in stuck.held:
        yield StuckRow(
            "held",
            f"by {held.by or NONE}: {held.reason or NONE}",
            "",
            pluralize(held.orders, "order"),
            held.since,
            "undo",
            _orders({"state": OrderState.HELD.value}),
            bar([(held.orders, "undo", "orders")], most),
        )
    for ended in stuck.interrupted:
        yield StuckRow(
            "interrupted",
            in_words(ended.kind),
            "",
            pluralize(ended.orders, "order"),
            ended.since,
            "bad",
            "",
            bar([(ended.orders, "bad", "orders")], most),
        )
    for late in stuck.late:
        tone = "bad" if "red" in JEOPARDY_STYLES[late.jeopardy] else "warn"
        yield StuckRow(
            in_words(late.jeopardy),
            "the earliest requested completion" if late.earliest_requested else "",
            "",
            pluralize(late.orders, "order"),
            late.earliest_requested,
            tone,
            _orders({"jeopardy": late.jeopardy.value, "open": "true"}),
            bar([(late.orders, tone, "orders")], most),
        )


def _orders(names: Mapping[str, str | None]) -> str:
    return f"/orders?{urlencode({name: value for name, value in names.items() if value})}"
