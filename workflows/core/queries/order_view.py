"""An order and its steps as clients see them: what the queries answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.plan.plan import Line
from workflows.contract.order_messages import Decision
from workflows.contract.order_views import (
    HistoryEntry,
    HoldView,
    LineView,
    OrderView,
    OtherOrderView,
    StepsPage,
    StepsPageRequest,
    StepView,
)
from workflows.contract.states import Jeopardy, OrderState, StepState
from workflows.core.actions.assignment import waits_for_a_person
from workflows.core.execution.cross_order_wait import in_words
from workflows.core.queries.undo_view import error_view, form_view, moment, undo_view
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import NoValue, Scope
from workflows.core.steps.labels import summary_of
from workflows.core.timing import jeopardy
from workflows.core.timing.forecast import Forecast, forecast_of, is_settled
from workflows.core.timing.jeopardy import LineForecast

F = StepState.FATALLY_FAILED

MOST_BYTES_OF_A_PAGE = 1_000_000
"""An answer of more than 2 MB fails; what cannot be compressed counts in full, and base64 adds a third."""
BYTES_OF_A_STEP = 150
"""Of what can: names, states, times."""


def order_view(run: OrderRun, revision: int, at: datetime | None = None) -> OrderView:
    """`at`: now, as whoever asks has it."""
    order = run.plan.order
    states = rollup.line_states(run)
    prospects = jeopardy.prospects_of(run, _now(run, at))
    shown = jeopardy.shown(run, prospects)
    held_up_by = prospects.held_up_by if shown.forecast is not None else None
    return OrderView(
        order_id=order.id,
        state=rollup.state_of(run),
        jeopardy=shown.jeopardy,
        forecast=moment(shown.forecast),
        held_up_by=None if held_up_by is None else run.plan.steps[held_up_by].id,
        revision=revision,
        customer=order.customer,
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=run.characteristics,
        products=rollup.products(run.plan, run.revisions.removed_lines),
        catalogue_version=run.plan.catalogue_version,
        started_at=datetime.fromtimestamp(run.started_at, UTC),
        ended_at=moment(run.ended_at),
        fallout=run.fallout,
        open_tasks=run.open_tasks,
        step_count=len(run.steps),
        steps_by_state={state.value: run.counts[state] for state in StepState if run.counts.get(state)},
        order_lines=[
            _line_view(line, state, each)
            for line, state, each in zip(run.plan.order_lines, states.order_lines, prospects.order_lines, strict=True)
        ],
        lines=[
            _line_view(line, state, each)
            for line, state, each in zip(run.plan.lines, states.lines, prospects.lines, strict=True)
        ],
        history=[
            HistoryEntry(
                at=datetime.fromtimestamp(entry.at, UTC),
                what=entry.what,
                step=entry.step,
                by=entry.by,
                reason=entry.reason,
            )
            for entry in run.journal.entries
        ],
        held=[
            HoldView(scope=hold.scope, by=hold.by, reason=hold.reason, at=datetime.fromtimestamp(hold.at, UTC))
            for hold in run.holds.named.values()
        ],
    )


def undecided_view(
    order: Mapping[str, Any], order_id: str, revision: int, started_at: datetime, decision: Decision | None
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


def _now(run: OrderRun, at: datetime | None) -> float:
    """An order that waits does not notice how time passes; whoever asks does."""
    return run.now if at is None else max(run.now, at.timestamp())


def _line_view(line: Line, state: OrderState, prospects: LineForecast) -> LineView:
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
        forecast=moment(prospects.end),
        jeopardy=prospects.jeopardy,
    )


def steps_page(run: OrderRun, request: StepsPageRequest) -> StepsPage:
    """From `offset` on, at most `limit` steps, and no more than fit into an answer."""
    steps: list[StepView] = []
    wanted = None if request.states is None else set(request.states)
    size, position = 0, max(request.offset, 0)
    forecast = None if run.ended else forecast_of(run, _now(run, request.at))
    while position < len(run.steps) and len(steps) < max(request.limit, 1):
        step = run.steps[position]
        if wanted is None or _is_in(step, wanted):
            view = step_view(run, step, forecast)
            size += _bytes_of(view)
            if steps and size > MOST_BYTES_OF_A_PAGE:
                break
            steps.append(view)
        position += 1
    return StepsPage(steps=steps, next_offset=position if position < len(run.steps) else None)


def _bytes_of(view: StepView) -> int:
    texts = (view.instructions, view.error and view.error.message, view.undo and view.undo.instructions)
    return BYTES_OF_A_STEP + len(repr(view.output)) + len(repr(view.after)) + sum(len(text) for text in texts if text)


def _is_in(step: StepRun, states: set[StepState]) -> bool:
    """In one of these states, or its undo is; a failure that is being undone is nobody's fallout any more."""
    if step.undo is None or not step.undo.open:
        return step.state in states
    return step.undo.state in states or (step.state is not StepState.FATALLY_FAILED and step.state in states)


def step_view(run: OrderRun, step: StepRun, forecast: Forecast | None = None) -> StepView:
    planned = run.plan.steps[step.position]
    definition = run.plan.definitions[planned.definition]
    clock = step.clock
    foreseen = None if is_settled(step) else forecast
    manual = definition.definition.manual
    return StepView(
        number=step.position + 1,
        id=planned.id,
        workstream=definition.workstream,
        workstream_name=definition.workstream_name,
        name=definition.name,
        kind=run.recipe(step).kind.value,
        summary=summary_of(run, step),
        lines=[line.id for line in run.plan.lines_of(planned)],
        after=[run.plan.steps[before].id for before in planned.after],
        other_orders=_other_orders(run, step),
        state=step.state,
        jeopardy=clock.jeopardy if clock else Jeopardy.ON_TRACK,
        late_at=moment(clock.late_at) if clock else None,
        escalated_to=clock.escalated_to if clock else None,
        expected_start=moment(foreseen.starts[step.position]) if foreseen else None,
        expected_end=moment(foreseen.ends[step.position]) if foreseen else None,
        waits_for=_waits_for(run, step),
        queue=step.queue or (manual.queue if manual else _escalated_queue(run, step)),
        system=_system(run, step),
        holder=step.holder if waits_for_a_person(step) else None,
        instructions=_instructions(run, step),
        form=form_view(manual) if manual else None,
        attempts=step.attempts,
        next_attempt_at=moment(step.again_at) if step.state in (StepState.FAILED, F) else None,
        due=moment(step.again_at if step.state is StepState.SCHEDULED else step.deadline),
        started_at=moment(step.started_at),
        ended_at=moment(step.ended_at),
        output=step.output,
        error=error_view(step.failure),
        undo=undo_view(run, step),
    )


def _escalated_queue(run: OrderRun, step: StepRun) -> str | None:
    """None where it was escalated to a receiver of notifications, or not at all."""
    escalated = step.clock is not None and run.outlook is not None and step.position in run.outlook.escalated
    return step.clock.escalated_to if step.clock is not None and escalated else None


def _system(run: OrderRun, step: StepRun) -> str | None:
    definition = run.definition(step).definition
    call = definition.undo.call if step.undoing and definition.undo else definition.call
    return call.system if call else None


def _instructions(run: OrderRun, step: StepRun) -> str | None:
    manual = run.definition(step).definition.manual
    if manual is None:
        return None
    try:
        return str(Scope(run, step).render(manual.instructions))
    except NoValue:
        return manual.instructions


def _other_orders(run: OrderRun, step: StepRun) -> list[OtherOrderView]:
    return [
        OtherOrderView(
            order_id=each.order,
            step=each.step,
            since=datetime.fromtimestamp(each.since, UTC),
            due=moment(each.deadline),
            done=each.done,
            absent=each.absent_since is not None,
        )
        for each in run.between.waiting.get(step.position, ())
    ]


def _waits_for(run: OrderRun, step: StepRun) -> str | None:
    if step.state is StepState.ON_HOLD and (hold := run.holds.hold_on(step.position)) is not None:
        return f"{hold.scope} to be resumed, held by {hold.by}" + (f": {hold.reason}" if hold.reason else "")
    say = WAITS_FOR.get(step.phase)
    return say(run, step) if say else None


def _others_in_words(run: OrderRun, step: StepRun) -> str:
    return " and ".join(in_words(each) for each in run.between.waiting.get(step.position, ()) if not each.done)


def _event_in_words(_run: OrderRun, step: StepRun) -> str:
    names = " or ".join(step.names)
    return f"event {names}" + ("" if step.key is None else f" with key {step.key}")


def _person_in_words(run: OrderRun, step: StepRun) -> str:
    manual = run.definition(step).definition.manual
    return f"a person in {manual.queue}" if manual else "a person"


def _condition_in_words(run: OrderRun, step: StepRun) -> str:
    wait = run.definition(step).definition.wait
    text = f"condition `{wait.condition if wait else ''}`"
    return text + (f" ({step.note})" if step.note else "")


def _callback_in_words(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"a callback of {call.system}" if call else "a callback"


def _poll_in_words(run: OrderRun, step: StepRun) -> str:
    call = run.definition(step).definition.call
    return f"`{call.poll.until}`, asking {call.system}" if call and call.poll else "an answer"


def _timer_in_words(_run: OrderRun, _step: StepRun) -> str:
    return "its time"


WAITS_FOR: Mapping[Phase, Callable[[OrderRun, StepRun], str]] = {
    Phase.START: _timer_in_words,
    Phase.TIMER: _timer_in_words,
    Phase.OTHER_ORDERS: _others_in_words,
    Phase.EVENT: _event_in_words,
    Phase.PERSON: _person_in_words,
    Phase.CONDITION: _condition_in_words,
    Phase.CALLBACK: _callback_in_words,
    Phase.POLL: _poll_in_words,
}
