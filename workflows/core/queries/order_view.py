"""An order and its steps as clients see them: what the queries answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.plan.plan import PlannedLine
from workflows.contract.order_messages import SubmissionDecision
from workflows.contract.order_views import (
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
from workflows.core.actions.assignment import is_waiting_for_person
from workflows.core.execution.cross_order_wait import describe
from workflows.core.queries.undo_view import error_view, form_view, to_datetime, undo_view
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope
from workflows.core.steps.labels import activity_summary
from workflows.core.timing import jeopardy
from workflows.core.timing.forecast import Forecast, make_forecast
from workflows.core.timing.jeopardy import LineForecast

FATALLY_FAILED = StepState.FATALLY_FAILED

MAX_PAGE_BYTES = 1_000_000
"""An answer of more than 2 MB fails; what cannot be compressed counts in full, and base64 adds a third."""
STEP_OVERHEAD_BYTES = 150
"""Of what can: names, states, times."""


def order_view(run: OrderRun, revision: int, as_of: datetime | None = None) -> OrderView:
    """`at`: now, as whoever asks has it."""
    order = run.plan.order
    states = rollup.line_states(run)
    prospects = jeopardy.order_forecast(run, _effective_now(run, as_of))
    shown = jeopardy.jeopardy_summary(run, prospects)
    held_up_by = prospects.critical_step if shown.forecast is not None else None
    return OrderView(
        order_id=order.id,
        state=rollup.current_order_state(run),
        jeopardy=shown.jeopardy,
        forecast=to_datetime(shown.forecast),
        held_up_by=None if held_up_by is None else run.plan.steps[held_up_by].id,
        revision=revision,
        customer=order.customer,
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=run.characteristics,
        products=rollup.product_ids(run.plan, run.amendments.removed_lines),
        catalogue_version=run.plan.catalogue_version,
        started_at=datetime.fromtimestamp(run.started_at, UTC),
        ended_at=to_datetime(run.ended_at),
        fallout=run.counters.fallout,
        open_tasks=run.counters.open_tasks,
        step_count=len(run.steps),
        steps_by_state={
            state.value: run.counters.by_state[state] for state in StepState if run.counters.by_state.get(state)
        },
        order_lines=[
            _line_view(line, state, each)
            for line, state, each in zip(run.plan.order_lines, states.order_lines, prospects.order_lines, strict=True)
        ],
        lines=[
            _line_view(line, state, each)
            for line, state, each in zip(run.plan.fulfilment_lines, states.lines, prospects.lines, strict=True)
        ],
        history=[
            HistoryEntry(
                at=datetime.fromtimestamp(entry.at, UTC),
                what=entry.message,
                step=entry.step,
                by=entry.by,
                reason=entry.reason,
            )
            for entry in run.audit_log.entries
        ],
        held=[
            HoldView(scope=hold.scope, by=hold.by, reason=hold.reason, at=datetime.fromtimestamp(hold.at, UTC))
            for hold in run.holds.by_scope.values()
        ],
    )


def undecided_order_view(
    order: Mapping[str, Any], order_id: str, revision: int, started_at: datetime, decision: SubmissionDecision | None
) -> OrderView:
    """An order that is rejected, or not compiled yet: only what was sent is known."""
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
    """An order that waits does not notice how time passes; whoever asks does."""
    return run.now if as_of is None else max(run.now, as_of.timestamp())


def _line_view(line: PlannedLine, state: OrderState, forecast: LineForecast) -> LineView:
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
    )


def steps_page(run: OrderRun, request: StepsPageRequest) -> StepsPage:
    """From `offset` on, at most `limit` steps, and no more than fit into an answer."""
    steps: list[StepView] = []
    wanted = None if request.states is None else set(request.states)
    size, position = 0, max(request.offset, 0)
    forecast = None if run.ended else make_forecast(run, _effective_now(run, request.at))
    while position < len(run.steps) and len(steps) < max(request.limit, 1):
        step = run.steps[position]
        if wanted is None or _matches_states(step, wanted):
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
    """In one of these states, or its undo is; a failure that is being undone is nobody's fallout any more."""
    if step.undo is None or not step.undo.is_open:
        return step.state in states
    return step.undo.state in states or (step.state is not StepState.FATALLY_FAILED and step.state in states)


def step_view(run: OrderRun, step: StepRun, forecast: Forecast | None = None) -> StepView:
    planned = run.plan.steps[step.position]
    definition = run.plan.definitions[planned.definition_position]
    clock = step.sla_clock
    foreseen = None if step.is_over else forecast
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
        expected_start=to_datetime(foreseen.starts[step.position]) if foreseen else None,
        expected_end=to_datetime(foreseen.ends[step.position]) if foreseen else None,
        waits_for=_describe_wait(run, step),
        queue=step.queue or (manual.queue if manual else _escalated_queue(run, step)),
        system=_called_system(run, step),
        holder=step.holder if is_waiting_for_person(step) else None,
        instructions=_rendered_instructions(run, step),
        form=form_view(manual) if manual else None,
        attempts=step.attempts,
        next_attempt_at=to_datetime(step.again_at) if step.state in (StepState.FAILED, FATALLY_FAILED) else None,
        due=to_datetime(step.again_at if step.state is StepState.SCHEDULED else step.deadline),
        started_at=to_datetime(step.started_at),
        ended_at=to_datetime(step.ended_at),
        output=step.output,
        error=error_view(step.failure),
        undo=undo_view(run, step),
    )


def _escalated_queue(run: OrderRun, step: StepRun) -> str | None:
    """None where it was escalated to a receiver of notifications, or not at all."""
    escalated = (
        step.sla_clock is not None
        and run.jeopardy_watch is not None
        and step.position in run.jeopardy_watch.escalated_steps
    )
    return step.sla_clock.escalated_to if step.sla_clock is not None and escalated else None


def _called_system(run: OrderRun, step: StepRun) -> str | None:
    definition = run.definition(step).definition
    call = definition.undo.call if step.undoing and definition.undo else definition.call
    return call.system if call else None


def _rendered_instructions(run: OrderRun, step: StepRun) -> str | None:
    manual = run.definition(step).definition.manual
    if manual is None:
        return None
    try:
        return str(StepScope(run, step).render(manual.instructions))
    except StepExpressionError:
        return manual.instructions


def _cross_order_waits(run: OrderRun, step: StepRun) -> list[CrossOrderWaitView]:
    return [
        CrossOrderWaitView(
            order_id=each.order,
            step=each.step,
            since=datetime.fromtimestamp(each.since, UTC),
            due=to_datetime(each.deadline),
            done=each.done,
            absent=each.absent_since is not None,
        )
        for each in run.order_links.awaited_by_step.get(step.position, ())
    ]


def _describe_wait(run: OrderRun, step: StepRun) -> str | None:
    if step.state is StepState.ON_HOLD and (hold := run.holds.hold_for_step(step.position)) is not None:
        return f"{hold.scope} to be resumed, held by {hold.by}" + (f": {hold.reason}" if hold.reason else "")
    say = WAIT_DESCRIPTIONS.get(step.phase)
    return say(run, step) if say else None


def _describe_other_orders(run: OrderRun, step: StepRun) -> str:
    return " and ".join(
        describe(each) for each in run.order_links.awaited_by_step.get(step.position, ()) if not each.done
    )


def _describe_event(_run: OrderRun, step: StepRun) -> str:
    names = " or ".join(step.event_names)
    return f"event {names}" + ("" if step.key is None else f" with key {step.key}")


def _describe_person(run: OrderRun, step: StepRun) -> str:
    manual = run.definition(step).definition.manual
    return f"a person in {manual.queue}" if manual else "a person"


def _describe_condition(run: OrderRun, step: StepRun) -> str:
    wait = run.definition(step).definition.wait
    text = f"condition `{wait.condition if wait else ''}`"
    return text + (f" ({step.note})" if step.note else "")


def _describe_callback(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"a callback of {call.system}" if call else "a callback"


def _describe_poll(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"`{call.poll.until}`, asking {call.system}" if call and call.poll else "an answer"


def _describe_timer(_run: OrderRun, _step: StepRun) -> str:
    return "its time"


WAIT_DESCRIPTIONS: Mapping[Phase, Callable[[OrderRun, StepRun], str]] = {
    Phase.SCHEDULED: _describe_timer,
    Phase.TIMER: _describe_timer,
    Phase.OTHER_ORDERS: _describe_other_orders,
    Phase.EVENT: _describe_event,
    Phase.MANUAL: _describe_person,
    Phase.CONDITION: _describe_condition,
    Phase.CALLBACK: _describe_callback,
    Phase.POLL: _describe_poll,
}
