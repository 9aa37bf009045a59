"""One order as the ledger has it, in the shape in which the order itself answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, exists, func, select

from ledger.reading.row_views import history_entry, line_view, order_view, step_view
from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest, page_of
from ledger.reading.single_order.line_jeopardy import LineJeopardy, LineStep
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
from workflows.contract.order_views import HistoryEntry, LineView, OrderView, StepView
from workflows.contract.states import ENDED_ORDER_STATES, Jeopardy, OrderState, StepState


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


def read_head(connection: Connection, order_id: str, submission: str | None = None) -> OrderHead | None:
    """Of this submission; without one, of the latest. None: the ledger does not have it."""
    row = connection.execute(select(orders, _GAP).where(*_is_asked_for(order_id, submission))).one_or_none()
    return None if row is None else _head(row)


def read_submitted(connection: Connection, order_id: str) -> dict[str, Any] | None:
    """The order as submitted or amended last. None: the ledger does not know it."""
    source = orders.join(order_documents, order_documents.c.order_key == orders.c.key)
    query = select(order_documents.c.submitted).select_from(source).where(*_is_asked_for(order_id))
    found: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found or None  # an erased one is empty


def read_order(
    connection: Connection, order_id: str, submission: str | None = None, *, with_steps: bool = True
) -> OrderRecordRead | None:
    """This submission; without one, the latest. None: the ledger does not have it."""
    documents = orders.outerjoin(order_documents, order_documents.c.order_key == orders.c.key)
    source = documents.outerjoin(catalogue_versions, catalogue_versions.c.key == orders.c.catalogue_version_key)
    query = select(orders, _GAP, order_documents, catalogue_versions.c.version).select_from(source)
    row = connection.execute(query.where(*_is_asked_for(order_id, submission))).one_or_none()
    if row is None:
        return None
    found = tuple(read_steps(connection, row.key)) if with_steps else ()
    states = (step.state for step in found) if with_steps else _step_states(connection, row.key)
    order = order_view(row, Counter(state.value for state in states))
    ordered, below = read_lines(connection, row, found if with_steps else None)
    filled = {"order_lines": ordered, "lines": below, "history": read_history(connection, row.key)}
    return OrderRecordRead(_head(row), order.model_copy(update=filled), found)


_GAP = (
    exists()
    .where(gaps.c.order_id == orders.c.order_id, gaps.c.submission.in_(["", orders.c.submission]))
    .label("has_gap")
)


def _is_asked_for(order_id: str, submission: str | None = None) -> tuple[Any, ...]:
    which = orders.c.is_current if submission is None else orders.c.submission == submission
    return orders.c.order_id == order_id.replace("\0", "�"), which


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


def read_lines(
    connection: Connection, order: Row[Any], found: Sequence[StepView] | None = None
) -> tuple[list[LineView], list[LineView]]:
    """The order lines and the fulfilment lines, with their jeopardy. `order` is its row; `found` are its steps, if they
    have been read."""
    query = select(order_lines).where(order_lines.c.order_key == order.key).order_by(order_lines.c.number)
    rows = connection.execute(query).all()
    ordered = [line_view(row) for row in rows if not row.fulfilment]
    below = [line_view(row) for row in rows if row.fulfilment]
    jeopardy = LineJeopardy(order.requested_completion, Jeopardy(order.jeopardy), order.forecast, now=datetime.now(UTC))
    if not jeopardy.has_dates((*ordered, *below)):
        return ordered, below
    return jeopardy.judge(ordered, below, _line_steps(connection, order.key, found))


def _line_steps(connection: Connection, key: int, found: Sequence[StepView] | None) -> list[LineStep]:
    if found is not None:
        undone = [None if step.undo is None else step.undo.state for step in found]
        return [LineStep(step.lines, step.state, undo, step.ended_at) for step, undo in zip(found, undone, strict=True)]
    query = select(steps.c.lines, steps.c.state, steps.c.undo, steps.c.ended_at).where(steps.c.order_key == key)
    return [
        LineStep(row.lines, StepState(row.state), None if row.undo is None else row.undo["state"], row.ended_at)
        for row in connection.execute(query)
    ]


def read_history(connection: Connection, key: int) -> list[HistoryEntry]:
    """The oldest entry first."""
    query = select(history_entries).where(history_entries.c.order_key == key).order_by(history_entries.c.number)
    return [history_entry(row) for row in connection.execute(query)]


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
    entries = [history_entry(row) for row in shown]
    step_names = _read_step_names(connection, key, {entry.step for entry in entries if entry.step})
    return HistoryPage(entries, count, page, pages, step_names)


def _read_step_names(connection: Connection, key: int, step_ids: Collection[str]) -> dict[str, str]:
    """By id: what the steps do."""
    if not step_ids:
        return {}
    at = steps.c
    query = select(at.step_id, at.summary, at.name).where(at.order_key == key, at.step_id.in_(sorted(step_ids)))
    return {row.step_id: row.summary or row.name for row in connection.execute(query)}


def read_amendments(connection: Connection, key: int) -> list[AmendmentRecord]:
    """The oldest first."""
    query = select(amendments).where(amendments.c.order_key == key).order_by(amendments.c.revision)
    return [
        AmendmentRecord(row.revision, row.at, row.by, row.reason, row.before, row.after)
        for row in connection.execute(query)
    ]
