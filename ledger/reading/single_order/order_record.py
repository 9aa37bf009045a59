"""One order as the ledger has it, in the shape in which the order itself answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, exists, func, select

from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest, page_of
from ledger.reading.single_order.order_storage import NOT_MOVED, OrderStorage
from ledger.schema.tables import (
    amendments,
    catalogue_versions,
    gaps,
    history_entries,
    order_documents,
    order_lines,
    orders,
    steps,
)
from workflows.contract.order_changes import AmendmentRecord
from workflows.contract.order_views import (
    ErrorView,
    HistoryEntry,
    Interruption,
    InterruptionKind,
    LineView,
    OrderView,
    StepView,
)
from workflows.contract.states import ENDED_ORDER_STATES, OrderState, StepState


class OrderPosition(NamedTuple):
    """How far the ledger is with an order: see workflows.contract.order_changes.ChangePosition."""

    run_id: str
    event_id: int


@dataclass(frozen=True)
class OrderHead:
    """What decides who is asked about an order."""

    key: int
    order_id: str
    submission: str
    state: OrderState
    position: OrderPosition
    changed_at: datetime
    is_interrupted: bool
    has_gap: bool
    """A change is known to be missing."""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED_ORDER_STATES and not self.is_interrupted


@dataclass(frozen=True)
class OrderRecordRead:
    head: OrderHead
    order: OrderView
    steps: tuple[StepView, ...]
    storage: OrderStorage = NOT_MOVED


def read_head(connection: Connection, order_id: str) -> OrderHead | None:
    """Of the latest submission. None: the ledger does not have the order."""
    row = connection.execute(select(orders, _GAP).where(*_current(order_id))).one_or_none()
    return None if row is None else _head(row)


def read_submitted(connection: Connection, order_id: str) -> dict[str, Any] | None:
    """The order as submitted or amended last. None: the ledger does not know it."""
    source = orders.join(order_documents, order_documents.c.order_key == orders.c.key)
    query = select(order_documents.c.submitted).select_from(source).where(*_current(order_id))
    found: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found or None  # an erased one is empty


def read_order(connection: Connection, order_id: str, *, with_steps: bool = True) -> OrderRecordRead | None:
    """The latest submission. None: the ledger does not have the order."""
    documents = orders.outerjoin(order_documents, order_documents.c.order_key == orders.c.key)
    source = documents.outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
    query = select(orders, _GAP, order_documents, catalogue_versions.c.version).select_from(source)
    row = connection.execute(query.where(*_current(order_id))).one_or_none()
    if row is None:
        return None
    found = tuple(read_steps(connection, row.key)) if with_steps else ()
    states = (step.state for step in found) if with_steps else _step_states(connection, row.key)
    lines = read_lines(connection, row.key)
    order = _order_view(row, Counter(state.value for state in states))
    history = read_history(connection, row.key)
    filled = {
        "order_lines": [line for is_fulfilment, line in lines if not is_fulfilment],
        "lines": [line for is_fulfilment, line in lines if is_fulfilment],
        "history": history,
    }
    return OrderRecordRead(_head(row), order.model_copy(update=filled), found)


_GAP = (
    exists()
    .where(gaps.c.order_id == orders.c.order_id, gaps.c.submission.in_(["", orders.c.submission]))
    .label("has_gap")
)


def _current(order_id: str) -> tuple[Any, ...]:
    return orders.c.order_id == order_id.replace("\0", "�"), orders.c.is_current


def _head(row: Row[Any]) -> OrderHead:
    return OrderHead(
        row.key,
        row.order_id,
        row.submission,
        OrderState(row.state),
        OrderPosition(row.run_id, row.event_id),
        row.changed_at,
        row.interrupted_kind is not None,
        bool(row.has_gap),
    )


def _order_view(row: Row[Any], steps_by_state: dict[str, int]) -> OrderView:
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


def read_steps(
    connection: Connection,
    key: int,
    states: Sequence[StepState] | None = None,
    numbers: Sequence[int] | None = None,
    ids: Sequence[str] | None = None,
) -> list[StepView]:
    query = select(steps).where(steps.c.order_key == key).order_by(steps.c.number)
    if states is not None:
        query = query.where(steps.c.state.in_([state.value for state in states]))
    if numbers is not None:
        query = query.where(steps.c.number.in_(numbers))
    if ids is not None:
        query = query.where(steps.c.step_id.in_(ids))
    return [step_view(row) for row in connection.execute(query)]


def _step_states(connection: Connection, key: int) -> list[StepState]:
    query = select(steps.c.state).where(steps.c.order_key == key)
    return [StepState(state) for state in connection.scalars(query)]


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


def read_lines(connection: Connection, key: int) -> list[tuple[bool, LineView]]:
    """Each with whether it is a fulfilment line."""
    query = select(order_lines).where(order_lines.c.order_key == key).order_by(order_lines.c.number)
    return [(row.fulfilment, _line_view(row)) for row in connection.execute(query)]


def _line_view(row: Row[Any]) -> LineView:
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


def read_history(connection: Connection, key: int) -> list[HistoryEntry]:
    """The oldest entry first."""
    query = select(history_entries).where(history_entries.c.order_key == key).order_by(history_entries.c.number)
    return [_history_entry(row) for row in connection.execute(query)]


def read_history_page(connection: Connection, key: int, request: HistoryRequest) -> HistoryPage:
    at = history_entries.c
    conditions = [at.order_key == key]
    if request.filter != "all":
        conditions.append(at.by.is_not(None) if request.filter == "people" else at.by.is_(None))
    if request.step:
        conditions.append(at.step_id == request.step)
    count = connection.execute(select(func.count()).select_from(history_entries).where(*conditions)).scalar_one()
    page, pages = page_of(request, count)
    query = select(history_entries).where(*conditions).order_by(at.number.desc())
    shown = connection.execute(query.offset((page - 1) * request.size).limit(request.size))
    entries = [_history_entry(row) for row in shown]
    step_names = _read_step_names(connection, key, {entry.step for entry in entries if entry.step})
    return HistoryPage(entries, count, page, pages, step_names)


def _read_step_names(connection: Connection, key: int, step_ids: Collection[str]) -> dict[str, str]:
    """By id: what the steps do."""
    if not step_ids:
        return {}
    at = steps.c
    query = select(at.step_id, at.summary, at.name).where(at.order_key == key, at.step_id.in_(sorted(step_ids)))
    return {row.step_id: row.summary or row.name for row in connection.execute(query)}


def _history_entry(row: Row[Any]) -> HistoryEntry:
    return HistoryEntry(at=row.at, what=row.what, step=row.step_id, by=row.by, reason=row.reason, data=row.data)


def read_amendments(connection: Connection, key: int) -> list[AmendmentRecord]:
    """The oldest first."""
    query = select(amendments).where(amendments.c.order_key == key).order_by(amendments.c.revision)
    return [
        AmendmentRecord(row.revision, row.at, row.by, row.reason, row.before, row.after)
        for row in connection.execute(query)
    ]
