"""`fallout` and `tasks`: what waits for a person, across orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.freshness import note_search, note_source
from cli.framework.options import value_option
from cli.framework.server_call import call_ledger, call_server
from cli.framework.session import Session
from cli.user_input.value_parsing import check_sort, parse_since, parse_until
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.paging.sorting import WorkColumn, parse_work_sort

if TYPE_CHECKING:
    from operations.reading.worklists import StepWorklist
    from operations.responses import Response

PANEL = "What waits for a person"

QueueOption = Annotated[str | None, value_option("NAME", "Only what waits in this queue.")]
HolderOption = Annotated[str | None, value_option("NAME", "Only what this person holds.")]
UnclaimedOption = Annotated[bool, typer.Option("--unclaimed", help="Only what nobody holds.")]
SystemOption = Annotated[str | None, value_option("ID", "Only steps that call this system.")]
CustomerOption = Annotated[str | None, value_option("ID", "Only orders of this customer.")]
ProductOption = Annotated[str | None, value_option("ID", "Only orders with this commercial product.")]
SearchOption = Annotated[
    str | None, value_option("TEXT", "Only orders whose ids and names have words that begin like these.")
]
LateOption = Annotated[bool, typer.Option("--late", help="Only what is due, or late by its sla.")]
SinceOption = Annotated[str | None, value_option("WHEN", "Only what has begun to wait since: 2026-12-01, 2h, 3d.")]
UntilOption = Annotated[str | None, value_option("WHEN", "Only what has waited longer: 2026-12-01, 2h, 3d.")]
DueUntilOption = Annotated[str | None, value_option("WHEN", "Only what is due before then; 2h is in two hours.")]
SortOption = Annotated[
    str | None, value_option("COLUMN", f"Sort by {', '.join(WorkColumn)}; with :asc or :desc. Needs a ledger.")
]
LimitOption = Annotated[
    int, typer.Option(metavar="N", min=1, max=10_000, help="List at most this many (without a ledger: orders).")
]
CursorOption = Annotated[
    str | None, value_option("TEXT", "Continue a list: what its last line names, also `next_cursor` of its JSON.")
]


def register(app: typer.Typer) -> None:
    register_command(app, "fallout", PANEL)(fallout)
    register_command(app, "tasks", PANEL)(tasks)


def fallout(
    session: Session,
    queue: QueueOption = None,
    holder: HolderOption = None,
    unclaimed: UnclaimedOption = False,
    system: SystemOption = None,
    code: Annotated[str | None, value_option("CODE", "Only steps with this error code.")] = None,
    customer: CustomerOption = None,
    product: ProductOption = None,
    search: SearchOption = None,
    late: LateOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    sort: SortOption = None,
    group: Annotated[bool, typer.Option("--group", help="Count by system and error code, and list no steps.")] = False,
    limit: LimitOption = 100,
    cursor: CursorOption = None,
) -> None:
    """List steps that failed and wait for a decision.

    With a ledger, what is due soonest comes first, then what has waited longest. Without one, orders are sorted by
    their start, newest first. The last line says how many there are.
    """
    from operations.list_responses import fallout_response
    from views.order.list_tables import fallout_table

    check_sort(sort, parse_work_sort)
    now = datetime.now(UTC)
    criteria = WorkFilter(
        queue=queue,
        holder=_holder(holder, unclaimed),
        system=system,
        code=code,
        customer=customer,
        product=product,
        search=search,
        late=late,
        since=parse_since(since, now),
        until=parse_since(until, now, "--until"),
        limit=limit,
    )
    if group:
        _print_fallout_groups(session, criteria)
        return
    hint = "`why ID NO` explains one; `retry ID NO`, `complete ID NO` or `skip ID NO` resolves it."
    _print_worklist(
        session,
        call_server(session, lambda server: server.list_fallout(criteria, cursor, sort)),
        WorklistLayout(
            fallout_response, fallout_table, "step", hint, _empty_message("No step is in fallout", criteria)
        ),
        search,
    )


def tasks(
    session: Session,
    queue: QueueOption = None,
    holder: HolderOption = None,
    unclaimed: UnclaimedOption = False,
    system: SystemOption = None,
    customer: CustomerOption = None,
    product: ProductOption = None,
    search: SearchOption = None,
    late: LateOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    due_until: DueUntilOption = None,
    sort: SortOption = None,
    group: Annotated[bool, typer.Option("--group", help="Count by queue and age, and list no tasks.")] = False,
    limit: LimitOption = 100,
    cursor: CursorOption = None,
) -> None:
    """List open tasks.

    With a ledger, what is due soonest comes first, then what has waited longest. Without one, orders are sorted by
    their start, newest first. The last line says how many there are.
    """
    from operations.list_responses import tasks_response
    from views.order.list_tables import tasks_table

    check_sort(sort, parse_work_sort)
    now = datetime.now(UTC)
    criteria = WorkFilter(
        queue=queue,
        holder=_holder(holder, unclaimed),
        system=system,
        customer=customer,
        product=product,
        search=search,
        late=late,
        since=parse_since(since, now),
        until=parse_since(until, now, "--until"),
        due_until=parse_until(due_until, now, "--due-until"),
        limit=limit,
    )
    if group:
        _print_task_groups(session, criteria)
        return
    hint = "`complete ID NO --data NAME=VALUE` completes one; `why ID NO` explains one that is escalated."
    _print_worklist(
        session,
        call_server(session, lambda server: server.list_tasks(criteria, cursor, sort)),
        WorklistLayout(tasks_response, tasks_table, "task", hint, _empty_message("No task is open", criteria)),
        search,
    )


def _holder(holder: str | None, unclaimed: bool) -> str | None:
    if holder is not None and unclaimed:
        raise UsageError("--holder and --unclaimed exclude each other")
    return "" if unclaimed else holder


def _empty_message(message: str, criteria: WorkFilter) -> str:
    if criteria == WorkFilter(queue=criteria.queue, limit=criteria.limit):
        return f"{message} in queue {criteria.queue}." if criteria.queue else f"{message}."
    return f"{message} that fits."


def _print_fallout_groups(session: Session, criteria: WorkFilter) -> None:
    from operations.list_responses import fallout_groups_response
    from views.order.group_tables import fallout_groups_table

    groups, provenance = call_ledger(session, lambda server: server.group_fallout(criteria))
    if session.is_json:
        session.print_json(fallout_groups_response(groups, provenance))
        return
    session.print(fallout_groups_table(groups) if groups else _empty_message("No step is in fallout", criteria))
    note_source(session, provenance)


def _print_task_groups(session: Session, criteria: WorkFilter) -> None:
    from operations.list_responses import task_groups_response
    from views.order.group_tables import task_groups_table

    groups, provenance = call_ledger(session, lambda server: server.group_tasks(criteria))
    if session.is_json:
        session.print_json(task_groups_response(groups, provenance))
        return
    session.print(task_groups_table(groups) if groups else _empty_message("No task is open", criteria))
    note_source(session, provenance)


@dataclass(frozen=True)
class WorklistLayout:
    """How a worklist is printed. `noun` says what an item is called, `hint` what to do with it."""

    build_response: Callable[[StepWorklist], Response]
    build_table: Callable[[StepWorklist], RenderableType]
    noun: str
    hint: str
    empty_message: str


def _print_worklist(session: Session, worklist: StepWorklist, layout: WorklistLayout, search: str | None) -> None:
    if session.is_json:
        session.print_json(layout.build_response(worklist))
        return
    if worklist.items:
        from views.order.list_tables import worklist_total

        session.print(layout.build_table(worklist))
        session.print_note(worklist_total(worklist, layout.noun))
        session.print_note(layout.hint)
    elif not worklist.unanswered_orders:
        session.print(layout.empty_message)
        note_search(session, search)
    if worklist.interrupted:
        from views.order.list_tables import interrupted_note

        session.print_note(interrupted_note(worklist.interrupted))
    if worklist.unanswered_orders:
        orders = ", ".join(worklist.unanswered_orders)
        session.print_note(f"No worker answered for {orders}: their steps are unknown.")
    note_source(session, worklist.provenance)
