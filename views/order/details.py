"""One order in full: its facts, its lines, its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from compiler.source.findings import Finding
from views.order.progress import fallout_hint
from views.order.step_remark import about, taken
from views.order.swimlanes import standing
from views.shared.findings import findings_text
from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES, STEP_MARKS
from views.shared.table import Cell, Columns, Facts
from views.shared.time_format import duration, moment, short_moment
from views.shared.value_format import customer_words, in_words, times, values
from workflows.contract.states import SETTLED, Jeopardy

if TYPE_CHECKING:
    from operations.reading.read_order import OrderReading
    from workflows.contract.order_views import HistoryEntry, HoldView, LineView, OrderView, StepView


def order_view(reading: OrderReading, now: datetime | None = None) -> Iterator[RenderableType]:
    """What `show` prints, part by part."""
    now = now or datetime.now(UTC)
    order = reading.order
    yield headline(order)
    yield Facts(list(_facts(order, now)))
    if order.findings:
        found = findings_text(Finding.model_validate(finding) for finding in order.findings)
        yield from _section("Why it was rejected", Group(*found))
    if order.order_lines:
        yield from _section("Order lines", _order_lines(order.order_lines, now))
    if order.lines:
        yield from _section("Fulfilment lines", _lines(order.lines))
    if reading.steps:
        done = sum(standing(step) in SETTLED for step in reading.steps)
        yield from _section(f"Steps: {done:,} of {len(reading.steps):,} done", steps_table(reading.steps, now))
    if order.history:
        yield from _section("History", history_table(order.history, now))
    if order.fallout:
        yield Text("")
        yield fallout_hint(order)
    if reading.source == "record":
        yield Text("")
        yield Text(
            "No worker answered: this is what Temporal's record tells, without lines and steps. "
            "Start one with `python worker.py`.",
            style="yellow",
        )


def headline(order: OrderView) -> Text:
    parts = [
        Text(order.order_id, style="bold"),
        Text(in_words(order.state), style=ORDER_STYLES.get(order.state, "")),
    ]
    if order.jeopardy is not Jeopardy.ON_TRACK:
        parts.append(Text(in_words(order.jeopardy), style=JEOPARDY_STYLES[order.jeopardy]))
    if order.revision > 1:
        parts.append(Text(f"revision {order.revision}"))
    return Text("  ").join(parts)


def _facts(order: OrderView, now: datetime) -> Iterator[tuple[str, str]]:
    yield "customer", customer_words(order.customer)
    yield "products", ", ".join(order.products)
    yield "priority", str(order.priority) if order.priority != 3 else ""
    yield "characteristics", values(order.characteristics)
    yield "held", "; ".join(_hold(hold) for hold in order.held)
    yield "requested start", moment(order.requested_start)
    yield "requested completion", moment(order.requested_completion)
    yield "forecast", _forecast(order)
    yield "started", moment(order.started_at)
    if order.ended_at:
        yield "ended", f"{moment(order.ended_at)}, after {duration(order.ended_at - order.started_at)}"
    else:
        yield "running for", duration(max((now - order.started_at).total_seconds(), 0))
    yield "catalogue", order.catalogue_version or ""


def _forecast(order: OrderView) -> str:
    if order.ended_at is not None or order.forecast is None:
        return ""
    because = f", held up by {order.held_up_by}" if order.jeopardy is not Jeopardy.ON_TRACK and order.held_up_by else ""
    return moment(order.forecast) + because


def _hold(hold: HoldView) -> str:
    """`the order, by ann: the customer is away`."""
    return f"{hold.what}, by {hold.by}" + (f": {hold.reason}" if hold.reason else "")


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(title, style="bold")
    yield body


def _order_lines(lines: Sequence[LineView], now: datetime) -> Columns:
    parents = {line.id: line.sources[0] if line.sources else None for line in lines}

    def depth(line_id: str | None) -> int:
        parent = parents.get(line_id or "")
        return 1 + depth(parent) if parent else 0

    rows: list[Sequence[Cell]] = [
        [
            "  " * depth(line.id) + line.id,
            f"{line.name} {times(line.quantity)}",
            in_words(line.action),
            Text(in_words(line.state), style=ORDER_STYLES.get(line.state, "")),
            short_moment(line.requested_completion, now),
            short_moment(line.forecast if line.requested_completion else None, now),
            line_jeopardy(line),
            values(line.attributes),
        ]
        for line in lines
    ]
    headings = ["Line", "Product", "Action", "State", "Requested", "Forecast", "Jeopardy", "Attributes"]
    return Columns(headings, rows)


def line_jeopardy(line: LineView) -> Text:
    """Nothing where it is on track."""
    on_track = line.jeopardy is Jeopardy.ON_TRACK
    return Text("" if on_track else in_words(line.jeopardy), style=JEOPARDY_STYLES[line.jeopardy])


def _lines(lines: Sequence[LineView]) -> Columns:
    rows: list[Sequence[Cell]] = [
        [
            line.id,
            f"{line.name} {times(line.quantity)}",
            in_words(line.action),
            Text(in_words(line.state), style=ORDER_STYLES.get(line.state, "")),
            ", ".join(line.sources) if len(line.sources) > 1 else "",
            values(line.attributes),
        ]
        for line in lines
    ]
    return Columns(["Line", "Product", "Action", "State", "From", "Attributes"], rows)


def steps_table(steps: Sequence[StepView], now: datetime) -> Columns:
    """Number, id, state, since when and for how long, and what there is to say."""
    rows: list[Sequence[Cell]] = [
        [
            Text(str(step.number), style="bright_black"),
            step.id,
            Text(in_words(step.state), style=STEP_MARKS[step.state].style),
            short_moment(step.started_at, now),
            taken(step, now),
            _remarks(step, now),
        ]
        for step in steps
    ]
    return Columns(["No.", "Step", "State", "Started", "Took", "Remarks"], rows, right=(0, 4))


def _remarks(step: StepView, now: datetime) -> str:
    """What the state beside it does not say already."""
    said = about(step, now)
    return "" if said == in_words(step.state) else said


def history_table(entries: Sequence[HistoryEntry], now: datetime | None = None) -> Columns:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [short_moment(entry.at, now), entry.what, entry.step or "", entry.by or "", entry.reason or ""]
        for entry in entries
    ]
    return Columns(["When", "What", "Step", "Who", "Why"], rows)
