"""Many orders, one a line; and what waits for a person in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from views.shared.value_format import in_words, pluralize
from workflows.contract.states import Jeopardy

if TYPE_CHECKING:
    from operations.reading.list_orders import OrderPage
    from operations.reading.order_summary import OrderSummary
    from operations.reading.worklists import StepWorklist, WorklistItem
    from workflows.contract.order_views import StepView
    from workflows.contract.states import OrderState


def orders_table(orders: Sequence[OrderSummary], now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            Text(order.order_id, style="bold"),
            Text(in_words(order.state), style=ORDER_STYLES.get(order.state, "")),
            Text(
                "" if order.jeopardy is Jeopardy.ON_TRACK else in_words(order.jeopardy), JEOPARDY_STYLES[order.jeopardy]
            ),
            Text(str(order.fallout) if order.fallout else "", style="bold red"),
            str(order.open_tasks) if order.open_tasks else "",
            order.customer_id or "",
            format_short_time(order.started_at, now),
            format_short_time(order.ended_at, now),
            ", ".join(order.products),
        ]
        for order in orders
    ]
    headings = ["Order", "State", "Jeopardy", "Fallout", "Tasks", "Customer", "Started", "Ended", "Products"]
    return PlainTable(headings, rows, right_aligned=(3, 4))


def orders_total(page: OrderPage, counts: Mapping[OrderState, int]) -> str:
    """`100 of 10,342 orders: 312 in progress, 10,030 completed. --limit shows more.`"""
    total = sum(counts.values())
    states = ", ".join(f"{count:,} {in_words(state)}" for state, count in counts.items())
    if len(page.orders) >= total:
        return f"{pluralize(total, 'order')}: {states}."
    more = " --limit shows more." if page.next_cursor else ""
    return f"{len(page.orders):,} of {pluralize(total, 'order')}: {states}.{more}"


def fallout_table(steps: StepWorklist, now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            *_step_cells(found),
            *_error_cells(found.step, now),
        ]
        for found in steps.items
    ]
    return PlainTable(
        ["Order", "No.", "Step", "Queue", "Who has it", "Since", "Attempts", "Error"], rows, right_aligned=(1, 6)
    )


def _error_cells(step: StepView, now: datetime) -> tuple[Cell, ...]:
    """Since when, after how many attempts, and why: of the step, or of what takes it back."""
    undo = step.undo if step.undo is not None and step.undo.error is not None else None
    error, attempts = (undo.error, undo.attempts) if undo else (step.error, step.attempts)
    said = f"{'taking it back: ' if undo else ''}{error.code}: {error.message}" if error else ""
    return format_short_time(error.at if error else None, now), str(attempts or ""), Text(said, style="red")


def tasks_table(steps: StepWorklist, now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            *_step_cells(found),
            format_short_time(found.step.started_at, now),
            _task_text(found.step),
        ]
        for found in steps.items
    ]
    return PlainTable(["Order", "No.", "Step", "Queue", "Who has it", "Since", "What"], rows, right_aligned=(1,))


def _step_cells(found: WorklistItem) -> tuple[Cell, ...]:
    """Order, number, id, queue, and who has it."""
    step = found.step
    return Text(found.order_id, style="bold"), str(step.number), step.id, step.queue or "", step.holder or ""


def _task_text(step: StepView) -> str:
    """What is to be done, and the data that ends it."""
    undo = step.undo
    form = format_form((undo.form if undo else None) or step.form)
    return ((undo.instructions if undo else None) or step.instructions or step.name) + (f" [{form}]" if form else "")


def format_form(form: dict[str, object] | None) -> str:
    """`outcome (done|customer_absent), notes?`: a field that may be left out has a question mark."""
    return ", ".join(_format_field(name, declared) for name, declared in (form or {}).items())


def _format_field(name: str, field_spec: object) -> str:
    said = field_spec if isinstance(field_spec, dict) else {}
    choices = said.get("enum")
    optional = "" if said.get("required") else "?"
    return f"{name}{optional}" + (f" ({'|'.join(map(str, choices))})" if choices else "")
