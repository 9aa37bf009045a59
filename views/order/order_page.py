"""What `show` prints: one order in full, with its lines, its steps and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from compiler.source.findings import Finding
from compiler.values import as_text
from operations.actions.recover_order import recover_alternative
from views.order.list_tables import jeopardy_text, order_state_text
from views.order.progress_picture import fallout_hint
from views.order.step_remark import elapsed_text, step_remark
from views.order.swimlanes import shown_state
from views.shared.commands import commands_text
from views.shared.findings import finding_lines
from views.shared.state_styles import ORDER_STYLES, STEP_MARKS
from views.shared.table import Cell, KeyValueList, PlainTable, titled_section
from views.shared.time_format import format_elapsed, format_short_time, format_time
from views.shared.value_format import format_customer, format_quantity, format_values, in_words
from workflows.contract.states import ENDED_ORDER_STATES, SETTLED, Jeopardy, OrderState

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt
    from operations.reading.order_details import OrderDetails
    from workflows.contract.order_views import HistoryEntry, HoldView, Interruption, LineView, OrderView, StepView


ERASED = "(erased)"
"""For a text of the history that an erasure has emptied."""


def render_order(
    details: OrderDetails, now: datetime | None = None, published: Sequence[int] = ()
) -> Iterator[RenderableType]:
    """`published`: the numbers under which the order's catalogue version is published."""
    now, order = now or datetime.now(UTC), details.order
    yield order_headline(order)
    yield KeyValueList(list(_properties(order, now, published)))
    yield from rejection_section(order)
    if order.order_lines:
        yield from titled_section("Order lines", _order_line_table(order.order_lines, now))
    if order.lines:
        yield from titled_section("Fulfilment lines", _fulfilment_line_table(order.lines))
    if details.steps:
        done = sum(shown_state(step) in SETTLED for step in details.steps)
        now = order.ended_at or now if order.interrupted else now
        yield from titled_section(f"Steps: {done:,} of {len(details.steps):,} done", steps_table(details.steps, now))
    if order.history:
        yield from titled_section("History", history_table(order.history))
    if not details.is_current:
        return  # what it would be told to do is done to the latest one
    if order.interrupted:
        yield Text("")
        yield recovery_hint(order.order_id, order.interrupted)
    elif order.fallout:
        yield Text("")
        yield fallout_hint(order)
    if details.source == "record":
        yield Text("")
        yield Text(
            "No worker answered: this is Temporal's record of the order, without lines and steps. "
            "Start one with `python worker.py`.",
            style="yellow",
        )


def order_headline(order: OrderView) -> Text:
    parts = [
        Text(order.order_id, style="bold"),
        order_state_text(order),
        jeopardy_text(order.jeopardy),
        Text(f"revision {order.revision}" if order.revision > 1 else ""),
    ]
    return Text("  ").join(part for part in parts if part)


def rejection_section(order: OrderView) -> Iterator[RenderableType]:
    """Why the order was rejected. Empty if it was not, or if an erasure has emptied it."""
    if order.findings:
        findings = finding_lines(Finding.model_validate(finding) for finding in order.findings)
        yield from titled_section("Why it was rejected", Group(*findings))


def recovery_hint(order_id: str, interruption: Interruption) -> Text:
    command = commands_text([recover_alternative(order_id)])
    return Text.assemble((f"{order_id} {interruption.description}; nothing of it goes on: ", "bold red"), command)


def _properties(order: OrderView, now: datetime, published: Sequence[int]) -> Iterator[tuple[str, str]]:
    yield "customer", format_customer(order.customer)
    yield "products", ", ".join(order.products)
    yield "priority", str(order.priority) if order.priority != 3 else ""
    yield "characteristics", format_values(order.characteristics)
    yield "held", "; ".join(_hold_text(hold) for hold in order.held)
    yield "requested start", format_time(order.requested_start)
    yield "requested completion", format_time(order.requested_completion)
    yield "forecast", _forecast_text(order)
    yield "started", format_time(order.started_at)
    if order.ended_at:
        yield "ended", f"{format_time(order.ended_at)}, after {format_elapsed(order.ended_at - order.started_at)}"
    elif order.state not in ENDED_ORDER_STATES:
        yield "running for", format_elapsed(max((now - order.started_at).total_seconds(), 0))
    number = f", published as {', '.join(map(str, published))}" if published else ""
    yield "catalogue", (order.catalogue_version or "") + number


def _forecast_text(order: OrderView) -> str:
    if order.ended_at is not None or order.forecast is None:
        return ""
    because = f", held up by {order.held_up_by}" if order.jeopardy is not Jeopardy.ON_TRACK and order.held_up_by else ""
    return format_time(order.forecast) + because


def _hold_text(hold: HoldView) -> str:
    """`the order, by ann: the customer is away`."""
    return f"{hold.description}, by {hold.by}" + (f": {hold.reason}" if hold.reason else "")


def _order_line_table(lines: Sequence[LineView], now: datetime) -> PlainTable:
    parents = {line.id: line.parent for line in lines}

    def depth(line_id: str | None) -> int:
        parent = parents.get(line_id or "")
        return 1 + depth(parent) if parent else 0

    rows: list[Sequence[Cell]] = [
        [
            "  " * depth(line.id) + line.id,
            *_line_cells(line),
            format_short_time(line.requested_completion, now),
            format_short_time(line.forecast if line.requested_completion else None, now),
            jeopardy_text(line.jeopardy),
            format_values({**line.attributes, **line.named_values}),
        ]
        for line in lines
    ]
    headings = ["Line", "Product", "Action", "State", "Requested", "Forecast", "Jeopardy", "Attributes"]
    return PlainTable(headings, rows)


def _line_cells(line: LineView) -> tuple[Cell, Cell, Cell]:
    """Product, action, state."""
    state = Text(in_words(line.state), style=ORDER_STYLES.get(line.state, ""))
    return f"{line.name} {format_quantity(line.quantity)}", in_words(line.action), state


def _fulfilment_line_table(lines: Sequence[LineView]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            line.id,
            *_line_cells(line),
            ", ".join(line.sources) if len(line.sources) > 1 else "",
            format_values({**line.attributes, **line.named_values}),
        ]
        for line in lines
    ]
    return PlainTable(["Line", "Product", "Action", "State", "From", "Attributes"], rows)


def steps_table(steps: Sequence[StepView], now: datetime) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            Text(str(step.number), style="bright_black"),
            step.id,
            Text(in_words(step.state), style=STEP_MARKS[step.state].style),
            format_short_time(step.started_at, now),
            elapsed_text(step, now),
            _remark_text(step, now),
        ]
        for step in steps
    ]
    headings = ["No.", "Step", "State", "Started", "Took", "Remarks"]
    return PlainTable(headings, rows, right_aligned=(0, 4), droppable=(3,))


def _remark_text(step: StepView, now: datetime) -> str:
    """Empty where the column State says the same."""
    remark = step_remark(step, now)
    return "" if remark == in_words(step.state) else remark


def _action_text(entry: HistoryEntry) -> str:
    """`completed: serial=S-1`: with what the person entered, unless the text has that already."""
    if not entry.what:
        return ERASED
    entered = entry.data if isinstance(entry.data, dict) else {}
    shown = format_values({name: value for name, value in entered.items() if as_text(value) not in entry.what})
    return f"{entry.what}: {shown}" if shown else entry.what


def history_table(entries: Sequence[HistoryEntry]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [format_short_time(entry.at), _action_text(entry), entry.step or "", entry.by or "", entry.reason or ""]
        for entry in entries
    ]
    return PlainTable(["When", "What", "Step", "Who", "Why"], rows, wrapping=1)


def empty_history(order: OrderView) -> Iterator[RenderableType]:
    """What is printed in place of a history without entries."""
    if order.state is OrderState.REJECTED:
        yield Text(f"Order {order.order_id} was rejected when it was submitted; its history has no entry.")
        yield from rejection_section(order)
    else:
        yield Text("The history has no entry.")


def attempts_table(attempts: Sequence[StoredAttempt]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            format_short_time(attempt.started_at),
            attempt.step,
            f"undo {attempt.number}" if attempt.undo else str(attempt.number),
            format_elapsed(attempt.seconds),
            Text(in_words(attempt.outcome), style="green" if attempt.outcome == "succeeded" else "red"),
            str(attempt.status or ""),
            format_short_time(attempt.next_attempt_at),
            ": ".join(filter(None, (attempt.code, attempt.message))),
        ]
        for attempt in attempts
    ]
    headings = ["When", "Step", "No.", "Took", "Outcome", "HTTP", "Next", "Error"]
    return PlainTable(headings, rows, right_aligned=(2, 3, 5))
