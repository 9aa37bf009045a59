"""Many orders, one a line; and what waits for a person in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES
from views.shared.table import Cell, Columns
from views.shared.time_format import short_moment
from views.shared.value_format import in_words
from workflows.contract.states import Jeopardy

if TYPE_CHECKING:
    from operations.reading.list_orders import OrderSummary
    from operations.reading.read_order import StepList, StepOfOrder
    from workflows.contract.order_views import StepView


def orders_table(orders: Sequence[OrderSummary], now: datetime | None = None) -> Columns:
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
            short_moment(order.started_at, now),
            short_moment(order.ended_at, now),
            ", ".join(order.products),
        ]
        for order in orders
    ]
    headings = ["Order", "State", "Jeopardy", "Fallout", "Tasks", "Customer", "Started", "Ended", "Products"]
    return Columns(headings, rows, right=(3, 4))


def fallout_table(steps: StepList, now: datetime | None = None) -> Columns:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            *_which(found),
            *_failure(found.step, now),
        ]
        for found in steps.found
    ]
    return Columns(["Order", "No.", "Step", "Queue", "Who has it", "Since", "Attempts", "Error"], rows, right=(1, 6))


def _failure(step: StepView, now: datetime) -> tuple[Cell, ...]:
    """Since when, after how many attempts, and why: of the step, or of what takes it back."""
    undo = step.undo if step.undo is not None and step.undo.error is not None else None
    error, attempts = (undo.error, undo.attempts) if undo else (step.error, step.attempts)
    said = f"{'taking it back: ' if undo else ''}{error.code}: {error.message}" if error else ""
    return short_moment(error.at if error else None, now), str(attempts or ""), Text(said, style="red")


def tasks_table(steps: StepList, now: datetime | None = None) -> Columns:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [
            *_which(found),
            short_moment(found.step.started_at, now),
            _asked(found.step),
        ]
        for found in steps.found
    ]
    return Columns(["Order", "No.", "Step", "Queue", "Who has it", "Since", "What"], rows, right=(1,))


def _which(found: StepOfOrder) -> tuple[Cell, ...]:
    """Order, number, id, queue, and who has it."""
    step = found.step
    return Text(found.order_id, style="bold"), str(step.number), step.id, step.queue or "", step.holder or ""


def _asked(step: StepView) -> str:
    """What is to be done, and the data that ends it."""
    undo = step.undo
    form = form_words((undo.form if undo else None) or step.form)
    return ((undo.instructions if undo else None) or step.instructions or step.name) + (f" [{form}]" if form else "")


def form_words(form: dict[str, object] | None) -> str:
    """`outcome (done|customer_absent), notes?`: a field that may be left out has a question mark."""
    return ", ".join(_field(name, declared) for name, declared in (form or {}).items())


def _field(name: str, declared: object) -> str:
    said = declared if isinstance(declared, dict) else {}
    choices = said.get("enum")
    optional = "" if said.get("required") else "?"
    return f"{name}{optional}" + (f" ({'|'.join(map(str, choices))})" if choices else "")
