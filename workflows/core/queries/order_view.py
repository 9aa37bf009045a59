"""An order and its steps as clients see them: the results of the workflow's queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.plan.plan import PlannedLine
from workflows.contract.order_messages import SubmissionDecision
from workflows.contract.order_views import (
    HistoryEntry,
    HoldView,
    LineView,
    OrderView,
    StepsPage,
    StepsPageRequest,
    StepView,
)
from workflows.contract.states import Jeopardy, OrderState, StepState
from workflows.core.queries.kept_events import kept_event_views
from workflows.core.queries.step_record import step_in_plan, step_record
from workflows.core.queries.undo_view import to_datetime
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.timing import order_jeopardy
from workflows.core.timing.forecast import Forecast, make_forecast
from workflows.core.timing.order_jeopardy import LineForecast

MAX_PAGE_BYTES = 1_000_000
"""A query result over 2 MB fails. Base64 adds a third to outputs that cannot be compressed."""
STEP_OVERHEAD_BYTES = 150
"""Bytes for the names, states and times of a step, which compress well."""


def order_view(run: OrderRun, revision: int, as_of: datetime | None = None, *, with_data: bool = False) -> OrderView:
    """`as_of` is the client's time. `with_data`: the history shows what people have entered."""
    order = run.plan.order
    forecast = order_jeopardy.order_forecast(run, _effective_now(run, as_of))
    of_plan = (*run.plan.order_lines, *run.plan.fulfilment_lines)
    lines = [line_view(*row) for row in zip(of_plan, rollup.line_states(run), forecast.lines, strict=True)]
    end = forecast.shown_end(run)
    critical_step = None if end is None else forecast.critical_step
    return OrderView(
        order_id=order.id,
        state=rollup.current_order_state(run),
        jeopardy=forecast.shown_jeopardy(run),
        forecast=to_datetime(end),
        held_up_by=None if critical_step is None else run.plan.steps[critical_step].id,
        revision=revision,
        customer=order.customer,
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=run.characteristics,
        products=rollup.product_ids(run.plan, run.amendments.removed_lines),
        catalogue_version=run.plan.catalogue_version,
        started_at=_utc(run.started_at),
        ended_at=to_datetime(run.ended_at),
        fallout=run.counters.fallout,
        open_tasks=run.counters.open_tasks,
        step_count=len(run.steps),
        steps_by_state={
            state.value: run.counters.by_state[state] for state in StepState if run.counters.by_state.get(state)
        },
        order_lines=lines[: len(run.plan.order_lines)],
        lines=lines[len(run.plan.order_lines) :],
        history=[
            HistoryEntry(
                at=_utc(entry.at),
                what=entry.message,
                step=entry.step,
                by=entry.by,
                reason=entry.reason,
                data=entry.data if with_data else None,
            )
            for entry in run.audit_log.entries
        ],
        held=hold_views(run),
        kept_events=kept_event_views(run),
    )


def undecided_order_view(
    order: Mapping[str, Any], order_id: str, revision: int, started_at: datetime, decision: SubmissionDecision | None
) -> OrderView:
    """The view of an order that is rejected, or not compiled yet."""
    customer = order.get("customer")
    return OrderView(
        order_id=order_id,
        state=decision.state if decision else OrderState.ACKNOWLEDGED,
        jeopardy=Jeopardy.ON_TRACK,
        forecast=None,
        revision=revision,
        customer=customer if isinstance(customer, dict) else {},
        priority=3,
        requested_start=None,
        requested_completion=None,
        characteristics={},
        products=[],
        catalogue_version=decision.catalogue_version if decision else None,
        started_at=started_at,
        findings=decision.findings if decision else [],
    )


def _effective_now(run: OrderRun, as_of: datetime | None) -> float:
    """The time for forecasts: the client's, because the order's own time stands still while the order waits."""
    return run.now if as_of is None else max(run.now, as_of.timestamp())


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def hold_views(run: OrderRun) -> list[HoldView]:
    return [
        HoldView(scope=hold.scope, by=hold.by, reason=hold.reason, at=_utc(hold.at))
        for hold in run.holds.by_scope.values()
    ]


def line_view(line: PlannedLine, state: OrderState, forecast: LineForecast) -> LineView:
    return LineView(
        id=line.id,
        product=line.product,
        name=line.name,
        quantity=line.quantity,
        action=line.action.value,
        attributes=line.attributes,
        state=state,
        sources=list(line.sources),
        per=line.per,
        requested_completion=line.requested_completion,
        forecast=to_datetime(forecast.end),
        jeopardy=forecast.jeopardy,
        named_values=line.named_values,
    )


def steps_page(run: OrderRun, request: StepsPageRequest) -> StepsPage:
    """At most `limit` steps from `offset` on. The page ends earlier if a query result cannot hold more."""
    steps: list[StepView] = []
    states = None if request.states is None else set(request.states)
    size, position = 0, max(request.offset, 0)
    forecast = None if run.ended else make_forecast(run, _effective_now(run, request.at))
    while position < len(run.steps) and len(steps) < max(request.limit, 1):
        step = run.steps[position]
        if states is None or _matches_states(step, states):
            view = step_view(run, step, forecast)
            size += _view_size(view)
            if steps and size > MAX_PAGE_BYTES:
                break
            steps.append(view)
        position += 1
    return StepsPage(steps=steps, next_offset=position if position < len(run.steps) else None)


def _view_size(view: StepView) -> int:
    texts = (view.instructions, view.error and view.error.message, view.undo and view.undo.instructions)
    return (
        STEP_OVERHEAD_BYTES + len(repr(view.output)) + len(repr(view.after)) + sum(len(text) for text in texts if text)
    )


def _matches_states(step: StepRun, states: set[StepState]) -> bool:
    """Whether the step or its undo is in one of these states. A failed step that is being undone is not in fallout."""
    if step.undo is None or not step.undo.is_open:
        return step.state in states
    return step.undo.state in states or (step.state is not StepState.FATALLY_FAILED and step.state in states)


def step_view(run: OrderRun, step: StepRun, forecast: Forecast | None = None) -> StepView:
    record = step_record(run, step, step_in_plan(run.plan, step.position))
    forecast = None if step.is_over else forecast
    return StepView(
        number=record.number,
        id=record.id,
        workstream=record.workstream,
        workstream_name=record.workstream_name,
        name=record.name,
        kind=record.kind,
        summary=record.summary,
        lines=record.lines,
        after=record.after,
        other_orders=record.other_orders,
        state=record.state,
        jeopardy=record.jeopardy,
        waits_for=record.waits_for,
        system=record.system,
        queue=record.queue,
        holder=record.holder,
        instructions=record.instructions,
        form=record.form,
        attempts=record.attempts,
        next_attempt_at=record.next_attempt_at,
        due=record.due,
        started_at=record.started_at,
        ended_at=record.ended_at,
        output=record.output,
        error=record.error,
        corrections=record.corrections,
        undo=record.undo,
        late_at=record.late_at,
        escalated_to=record.escalated_to,
        expected_start=to_datetime(forecast.starts[step.position]) if forecast else None,
        expected_end=to_datetime(forecast.ends[step.position]) if forecast else None,
    )
