"""The order itself, without its lines, steps and history."""

from __future__ import annotations

from workflows.contract.order_changes import HistoryRecord, OrderRecord
from workflows.core.queries.kept_events import kept_event_views
from workflows.core.queries.order_view import hold_views
from workflows.core.queries.undo_view import to_datetime, to_utc
from workflows.core.queries.work_queues import count_open_tasks
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.timing.order_jeopardy import order_jeopardy


def order_record(run: OrderRun, revision: int, products: list[str]) -> OrderRecord:
    """`products` are the ids of `rollup.product_ids`. They change only with the plan."""
    order, watch = run.plan.order, run.jeopardy_watch
    return OrderRecord(
        state=rollup.current_order_state(run),
        jeopardy=order_jeopardy(run),
        revision=revision,
        customer=order.customer,
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=run.characteristics,
        products=products,
        catalogue_version=run.plan.catalogue_version,
        started_at=to_utc(run.started_at),
        ended_at=to_datetime(run.ended_at),
        fallout=run.counters.fallout,
        open_tasks=count_open_tasks(run),
        step_count=len(run.steps),
        settled_steps=run.counters.settled,
        forecast=to_datetime(watch.forecast_end) if watch is not None else None,
        held=hold_views(run) if run.holds.by_scope else [],
        kept_events=kept_event_views(run) if run.inbox.early_events else [],
    )


def history_records(run: OrderRun, after: int = 0) -> list[HistoryRecord]:
    """The entries of the order's log with a number above `after`."""
    return [
        HistoryRecord(entry.number, to_utc(entry.at), entry.message, entry.step, entry.by, entry.reason, entry.data)
        for entry in run.audit_log.entries_after(after)
    ]
