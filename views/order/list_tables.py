"""Many orders, one a line, and the steps in them that wait for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_age, format_short_time
from views.shared.value_format import error_text, in_words, pluralize
from workflows.contract.order_views import Interruption
from workflows.contract.states import Jeopardy
from workflows.contract.step_facts import is_undo_under_way
from workflows.contract.worklists import needs_person, working_queue

if TYPE_CHECKING:
    from ledger.reading.order_lists.archived_matches import ArchivedMatches
    from operations.reading.list_orders import OrderPage
    from operations.reading.worklists import StepWorklist
    from workflows.contract.order_summary import OrderSummary
    from workflows.contract.order_views import OrderView, StepView
    from workflows.contract.states import OrderState
    from workflows.contract.worklists import WorklistItem

MAX_NAMED = 10
"""Orders that a note names."""


def jeopardy_text(jeopardy: Jeopardy) -> Text:
    """Empty for `on_track`."""
    return Text("" if jeopardy is Jeopardy.ON_TRACK else in_words(jeopardy), style=JEOPARDY_STYLES[jeopardy])


def order_state_text(order: OrderView | OrderSummary) -> Text:
    """How it was ended from outside (`terminated`), or else its state."""
    interrupted = order.interrupted
    kind = interrupted.kind if isinstance(interrupted, Interruption) else interrupted
    return Text(in_words(kind or order.state), style=ORDER_STYLES.get(order.state, ""))


LEAST_NEEDED = ("Name", "Started", "Ended", "Customer", "Tasks", "Jeopardy")
"""Columns that a narrow screen leaves out, the first one first."""


def orders_table(
    orders: Sequence[OrderSummary], *, shows_requested: bool = False, keeps: Collection[str] = ()
) -> PlainTable:
    """`keeps`: headings of columns that are shown however narrow the screen is."""
    rows: list[Sequence[Cell]] = [
        [
            Text(order.order_id, style="bold"),
            order_state_text(order),
            jeopardy_text(order.jeopardy),
            Text(str(order.fallout or ""), style="bold red"),
            str(order.open_tasks or ""),
            order.customer_id or "",
            order.customer_name or "",
            format_short_time(order.started_at),
            format_short_time(order.ended_at),
            format_short_time(order.requested_completion) if shows_requested else "",
            ", ".join(order.products),
        ]
        for order in orders
    ]
    headings = [
        "Order",
        "State",
        "Jeopardy",
        "Fallout",
        "Tasks",
        "Customer",
        "Name",
        "Started",
        "Ended",
        "Requested",
        "Products",
    ]
    droppable = [headings.index(name) for name in LEAST_NEEDED if name not in keeps]
    return PlainTable(headings, rows, right_aligned=(3, 4), droppable=droppable)


def orders_total(page: OrderPage) -> str:
    """`100 of 10,342 orders: 312 in progress, 10,030 completed. The next page: --cursor XYZ`"""
    more = _next_page(page.next_cursor)
    if not page.total_is_exact:
        return f"{len(page.orders):,} of over {page.total or 0:,} orders.{more}"
    states = ", ".join(f"{count:,} {in_words(state)}" for state, count in (page.counts or {}).items())
    if len(page.orders) >= (page.total or 0):
        return f"{pluralize(len(page.orders), 'order')}: {states}."
    return f"{len(page.orders):,} of {pluralize(page.total or 0, 'order')}: {states}.{more}"


def _next_page(cursor: str | None) -> str:
    return f" The next page: --cursor {cursor}" if cursor else ""


def orders_count(page: OrderPage) -> str:
    """`10,342 orders`, `over 10,000 orders`, `no order fits`."""
    if not page.total_is_exact:
        return f"over {page.total or 0:,} orders"
    return pluralize(page.total, "order") if page.total else "No order fits."


def counts_table(counts: Mapping[OrderState, int]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [Text(in_words(state), style=ORDER_STYLES.get(state, "")), f"{count:,}"] for state, count in counts.items()
    ]
    return PlainTable(["State", "Orders"], rows, right_aligned=(1,))


def worklist_total(worklist: StepWorklist, what: str) -> str:
    """`2 tasks of 2 orders.`, or `120 tasks of 100 orders. Up to 512 more orders may have some. The next page: --cursor
    XYZ`. The ledger counts them: `100 of 512 tasks of 480 orders. The next page: --cursor XYZ`.

    `what`: `task`, `step`.
    """
    orders = worklist.listed_order_count
    if worklist.total is not None:
        return _counted_worklist_total(worklist, worklist.total, what)
    listed = f"{pluralize(len(worklist.items), what)} of {pluralize(orders, 'order')}."
    if worklist.next_cursor is None:
        return listed
    more = pluralize(max(worklist.order_count - orders, 1), "more order")
    return f"{listed} Up to {more} may have some.{_next_page(worklist.next_cursor)}"


def _counted_worklist_total(worklist: StepWorklist, total: int, what: str) -> str:
    more = _next_page(worklist.next_cursor)
    if not worklist.total_is_exact:
        return f"{len(worklist.items):,} of over {total:,} {what}s.{more}"
    of_orders = f"{pluralize(total, what)} of {pluralize(worklist.order_count, 'order')}."
    return of_orders if len(worklist.items) >= total else f"{len(worklist.items):,} of {of_orders}{more}"


def archived_note(archived: ArchivedMatches) -> str:
    """`2 archived orders fit: HS-1, HS-2. `show ID` reads one from the archive, `ledger restore ID` brings it back.`"""
    fit = "1 archived order fits" if archived.count == 1 else f"{archived.count:,} archived orders fit"
    more = ", …" if archived.count > len(archived.ids) else ""
    return (
        f"{fit}: {', '.join(archived.ids)}{more}. `show ID` reads one from the archive, `ledger restore ID` brings it "
        "back."
    )


def interrupted_note(orders: Sequence[OrderSummary]) -> str:
    """`2 orders were ended from outside, and wait to be recovered: HS-1 (terminated), HS-2 (terminated). …`"""
    named = ", ".join(
        f"{order.order_id} ({in_words(order.interrupted or order.state)})" for order in orders[:MAX_NAMED]
    )
    more = f" and {len(orders) - MAX_NAMED:,} more" if len(orders) > MAX_NAMED else ""
    were = pluralize(len(orders), "order was", "orders were")
    return f"{were} ended from outside: {named}{more}. `recover ID` lets one continue where it stopped."


def fallout_table(worklist: StepWorklist, now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [[*_step_cells(item), *_error_cells(item.step, now)] for item in worklist.items]
    headings = ["Order", "No.", "Step", "Queue", "Holder", "Waits", "Attempts", "Error"]
    return PlainTable(headings, rows, right_aligned=(1, 5, 6))


def _error_cells(step: StepView, now: datetime) -> tuple[Cell, ...]:
    """Time, attempts and text of the step's error, or of its undo's."""
    undo = step.undo if step.undo is not None and step.undo.error is not None else None
    error, attempts = (undo.error, undo.attempts) if undo else (step.error, step.attempts)
    text = f"{'undo: ' if undo else ''}{error_text(error)}"
    return _age(error.at if error else None, now), str(attempts or ""), Text(text, style="red")


def tasks_table(worklist: StepWorklist, now: datetime | None = None) -> PlainTable:
    now = now or datetime.now(UTC)
    rows: list[Sequence[Cell]] = [
        [*_step_cells(item), _age(item.step.started_at, now), _due_cell(item.step, now), _task_text(item.step)]
        for item in worklist.items
    ]
    headings = ["Order", "No.", "Step", "Queue", "Holder", "Waits", "Due", "What"]
    return PlainTable(headings, rows, right_aligned=(1, 5))


def _age(since: datetime | None, now: datetime) -> str:
    return format_age(now - since) if since is not None else ""


def _due_cell(step: StepView, now: datetime) -> Text:
    """When its `within` ends, or that of its undo; red if it has passed, or if the step is late by its sla."""
    undo = step.undo if is_undo_under_way(step) else None
    due = undo.due if undo is not None else step.due
    is_late = step.jeopardy is Jeopardy.LATE or (due is not None and due < now)
    text = "late" if is_late else ""
    if due is not None:
        text = f"{format_age(now - due)} ago" if due < now else f"in {format_age(due - now)}"
    return Text(text, style="bold red" if is_late else "")


def _step_cells(item: WorklistItem) -> tuple[Cell, ...]:
    """Order, number, id, queue, holder."""
    step = item.step
    queue = working_queue(step) or ""
    return Text(item.order_id, style="bold"), str(step.number), step.id, queue, step.holder or ""


def _task_text(step: StepView) -> str:
    """What is to be done, and the data that completes it. A step that nobody can complete is only escalated."""
    if not needs_person(step):
        return f"escalated, because it is late: {step.waits_for or step.name}"
    undo = step.undo
    form = format_form((undo.form if undo else None) or step.form)
    return ((undo.instructions if undo else None) or step.instructions or step.name) + (f" [{form}]" if form else "")


def format_form(form: dict[str, object] | None) -> str:
    """`outcome (done|customer_absent), notes?`: a question mark means optional."""
    return ", ".join(_format_field(name, declared) for name, declared in (form or {}).items())


def _format_field(name: str, declared: object) -> str:
    declaration = declared if isinstance(declared, dict) else {}
    choices = declaration.get("enum")
    optional = "" if declaration.get("required") else "?"
    return f"{name}{optional}" + (f" ({'|'.join(map(str, choices))})" if choices else "")
