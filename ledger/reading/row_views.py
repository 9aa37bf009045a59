"""From a row to the view that clients get: of an order, a step, a line, and an entry of the history."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from workflows.contract.order_views import (
    ErrorView,
    HistoryEntry,
    Interruption,
    InterruptionKind,
    LineView,
    OrderView,
    StepView,
)


def order_view(row: Row[Any], steps_by_state: dict[str, int]) -> OrderView:
    """Without lines and history. The row is that of the order with its document and its catalogue version."""
    return OrderView(
        order_id=row.order_id,
        state=row.state,
        jeopardy=row.jeopardy,
        forecast=None if row.ended_at else row.forecast,
        revision=row.revision,
        customer=row.customer or {},
        priority=row.priority,
        requested_start=row.requested_start,
        requested_completion=row.requested_completion,
        characteristics=row.characteristics or {},
        products=row.products or [],
        catalogue_version=row.version,
        started_at=row.started_at,
        ended_at=row.ended_at,
        fallout=row.fallout,
        open_tasks=row.open_tasks,
        step_count=row.step_count,
        steps_by_state=steps_by_state,
        findings=row.findings or [],
        held=row.held or [],
        kept_events=row.kept_events or [],
        interrupted=_interruption(row),
    )


def _interruption(row: Row[Any]) -> Interruption | None:
    if row.interrupted_kind is None:
        return None
    return Interruption(
        kind=InterruptionKind(row.interrupted_kind),
        at=row.interrupted_at,
        by=row.interrupted_by,
        reason=row.interrupted_reason or "",
    )


def step_view(row: Row[Any]) -> StepView:
    error = ErrorView(code=row.error_code, message=row.error_message or "", at=row.error_at) if row.error_code else None
    return StepView(
        number=row.number,
        id=row.step_id,
        workstream=row.workstream,
        workstream_name=row.workstream_name,
        name=row.name,
        kind=row.kind,
        summary=row.summary,
        lines=row.lines,
        after=row.after,
        other_orders=row.other_orders or [],
        state=row.state,
        jeopardy=row.jeopardy,
        waits_for=row.waits_for,
        system=row.system,
        queue=row.queue,
        holder=row.holder,
        instructions=row.instructions,
        form=row.form,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        due=row.due,
        started_at=row.started_at,
        ended_at=row.ended_at,
        output=row.output,
        error=error,
        corrections=row.corrections or [],
        undo=row.undo,
        late_at=row.late_at,
        escalated_to=row.escalated_to,
    )


def line_view(row: Row[Any]) -> LineView:
    return LineView(
        id=row.line_id,
        product=row.product,
        name=row.name,
        quantity=row.quantity,
        action=row.action,
        attributes=row.attributes,
        state=row.state,
        sources=row.sources,
        per=row.per,
        requested_completion=row.requested_completion,
        named_values=row.named_values,
    )


def history_entry(row: Row[Any]) -> HistoryEntry:
    return HistoryEntry(at=row.at, what=row.what, step=row.step_id, by=row.by, reason=row.reason, data=row.data)
