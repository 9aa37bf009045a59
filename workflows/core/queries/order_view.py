"""An order and its steps as clients see them: the results of the workflow's queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.plan.plan import PlannedLine
from workflows.contract.order_messages import SubmissionDecision
from workflows.contract.order_views import (
    ITS_TIME,
    CrossOrderWaitView,
    HistoryEntry,
    HoldView,
    LineView,
    OrderView,
    StepsPage,
    StepsPageRequest,
    StepView,
)
from workflows.contract.states import Jeopardy, OrderState, StepState
from workflows.core.actions.holder import is_waiting_for_person
from workflows.core.execution.cross_order_wait import describe
from workflows.core.queries.kept_events import kept_event_views
from workflows.core.queries.undo_view import error_view, form_view, rendered_instructions, to_datetime, undo_view
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import correction_views
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.labels import activity_summary
from workflows.core.timing import order_jeopardy
from workflows.core.timing.forecast import Forecast, make_forecast
from workflows.core.timing.order_jeopardy import LineForecast

FATALLY_FAILED = StepState.FATALLY_FAILED

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
    planned = run.plan.steps[step.position]
    definition = run.plan.definitions[planned.definition_position]
    clock = step.sla_clock
    forecast = None if step.is_over else forecast
    manual = definition.definition.manual
    return StepView(
        number=step.position + 1,
        id=planned.id,
        workstream=definition.workstream,
        workstream_name=definition.workstream_name,
        name=definition.name,
        kind=run.profile(step).kind.value,
        summary=activity_summary(run, step),
        lines=[line.id for line in run.plan.step_lines(planned)],
        after=[run.plan.steps[before].id for before in planned.after],
        other_orders=_cross_order_waits(run, step),
        state=step.state,
        jeopardy=clock.jeopardy if clock else Jeopardy.ON_TRACK,
        late_at=to_datetime(clock.late_at) if clock else None,
        escalated_to=clock.escalated_to if clock else None,
        expected_start=to_datetime(forecast.starts[step.position]) if forecast else None,
        expected_end=to_datetime(forecast.ends[step.position]) if forecast else None,
        waits_for=_describe_wait(run, step),
        queue=step.queue or (manual.queue if manual else _escalated_queue(run, step)),
        system=_called_system(run, step),
        holder=step.holder if is_waiting_for_person(step) else None,
        instructions=rendered_instructions(run, step, run.definition(step).definition.manual, StepScope),
        form=form_view(manual) if manual else None,
        attempts=step.attempts,
        next_attempt_at=to_datetime(step.again_at) if step.state in (StepState.FAILED, FATALLY_FAILED) else None,
        due=to_datetime(step.again_at if step.state is StepState.SCHEDULED else step.deadline),
        started_at=to_datetime(step.started_at),
        ended_at=to_datetime(step.ended_at),
        output=step.output,
        error=error_view(step.failure),
        corrections=correction_views(run, step),
        undo=undo_view(run, step),
    )


def _escalated_queue(run: OrderRun, step: StepRun) -> str | None:
    """The queue that the step was escalated to. None if it was not escalated, or was escalated to a receiver."""
    if step.sla_clock is None or run.jeopardy_watch is None:
        return None
    return step.sla_clock.escalated_to if step.position in run.jeopardy_watch.escalated_steps else None


def _called_system(run: OrderRun, step: StepRun) -> str | None:
    definition = run.definition(step).definition
    call = definition.undo.call if step.undoing and definition.undo else definition.call
    return call.system if call else None


def _cross_order_waits(run: OrderRun, step: StepRun) -> list[CrossOrderWaitView]:
    return [
        CrossOrderWaitView(
            order_id=each.order,
            step=each.step,
            since=_utc(each.since),
            due=to_datetime(each.deadline),
            done=each.done,
            absent=each.absent_since is not None,
        )
        for each in run.order_links.awaited_by_step.get(step.position, ())
    ]


def _describe_wait(run: OrderRun, step: StepRun) -> str | None:
    if step.state is StepState.ON_HOLD and (hold := run.holds.hold_for_step(step.position)) is not None:
        return hold.description
    describe_phase = WAIT_DESCRIPTIONS.get(step.phase)
    return describe_phase(run, step) if describe_phase else None


def _describe_other_orders(run: OrderRun, step: StepRun) -> str:
    awaited = run.order_links.awaited_by_step.get(step.position, ())
    return " and ".join(describe(each) for each in awaited if not each.done)


def _describe_event(_run: OrderRun, step: StepRun) -> str:
    text = f"event {' or '.join(step.event_names)}" + ("" if step.key is None else f" with key {step.key}")
    return text + _note(step)


def _note(step: StepRun) -> str:
    return f" ({step.note})" if step.note else ""


def _describe_person(run: OrderRun, step: StepRun) -> str:
    return f"a person in {require(run.definition(step).definition.manual).queue}"


def _describe_condition(run: OrderRun, step: StepRun) -> str:
    return f"condition `{require(run.definition(step).definition.wait).condition}`{_note(step)}"


def _describe_callback(run: OrderRun, step: StepRun) -> str:
    return f"a callback of {require(run.definition(step).definition.call).system}{_note(step)}"


def _describe_poll(run: OrderRun, step: StepRun) -> str:
    """Its activity asks again by itself, so when it asks next is not known here. A rendered `every` would need the
    response, so one that is a template is left out."""
    call = require(run.definition(step).definition.call)
    poll = require(call.poll)
    every = f" every {format_duration(poll.every)}" if isinstance(poll.every, timedelta) else ""
    return f"`{poll.until}`, asking {call.system}{every}"


WAIT_DESCRIPTIONS: Mapping[Phase, Callable[[OrderRun, StepRun], str]] = {
    Phase.SCHEDULED: lambda _run, _step: ITS_TIME,
    Phase.TIMER: lambda _run, _step: ITS_TIME,
    Phase.OTHER_ORDERS: _describe_other_orders,
    Phase.EVENT: _describe_event,
    Phase.MANUAL: _describe_person,
    Phase.CONDITION: _describe_condition,
    Phase.CALLBACK: _describe_callback,
    Phase.POLL: _describe_poll,
}
