"""An order and its steps as clients see them: what the queries answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from compiler.plan import Line
from workflows import rollup
from workflows.labels import summary_of
from workflows.messages import (
    Decision,
    ErrorView,
    HistoryEntry,
    LineView,
    OrderView,
    StepsPage,
    StepsPageRequest,
    StepView,
)
from workflows.progress import OrderRun, Phase, StepRun
from workflows.scope import NoValue, Scope
from workflows.states import Jeopardy, OrderState, StepState

MOST_BYTES_OF_A_PAGE = 1_000_000
"""An answer of more than 2 MB fails."""


def moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def order_view(run: OrderRun, revision: int) -> OrderView:
    order = run.plan.order
    states = rollup.line_states(run)
    return OrderView(
        order_id=order.id,
        state=rollup.state_of(run),
        jeopardy=Jeopardy.ON_TRACK,
        forecast=None,
        revision=revision,
        customer=order.customer,
        priority=order.priority,
        requested_start=order.requested_start,
        requested_completion=order.requested_completion,
        characteristics=run.characteristics,
        products=rollup.products(run.plan),
        catalogue_version=run.plan.catalogue_version,
        started_at=datetime.fromtimestamp(run.started_at, UTC),
        ended_at=moment(run.ended_at),
        fallout=run.counts.get(StepState.FATALLY_FAILED, 0),
        open_tasks=run.open_tasks,
        step_count=len(run.steps),
        steps_by_state={state.value: run.counts[state] for state in StepState if run.counts.get(state)},
        order_lines=[_line_view(line, states.order_lines[n]) for n, line in enumerate(run.plan.order_lines)],
        lines=[_line_view(line, states.lines[n]) for n, line in enumerate(run.plan.lines)],
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


def _line_view(line: Line, state: OrderState) -> LineView:
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
    )


def steps_page(run: OrderRun, request: StepsPageRequest) -> StepsPage:
    """From `offset` on, at most `limit` steps, and no more than fit into an answer."""
    steps: list[StepView] = []
    wanted = None if request.states is None else set(request.states)
    size, position = 0, max(request.offset, 0)
    while position < len(run.steps) and len(steps) < max(request.limit, 1):
        step = run.steps[position]
        if wanted is None or step.state in wanted:
            view = step_view(run, step)
            size += len(repr(view.output)) + len(repr(view.after)) + 1_000
            if steps and size > MOST_BYTES_OF_A_PAGE:
                break
            steps.append(view)
        position += 1
    return StepsPage(steps=steps, next_offset=position if position < len(run.steps) else None)


def step_view(run: OrderRun, step: StepRun) -> StepView:
    planned = run.plan.steps[step.position]
    definition = run.plan.definitions[planned.definition]
    failure = step.failure
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
        state=step.state,
        waits_for=_waits_for(run, step),
        queue=step.queue or (manual.queue if manual else None),
        instructions=_instructions(run, step),
        form={name: each.model_dump(mode="json", exclude_none=True) for name, each in manual.form.items()}
        if manual
        else None,
        attempts=step.attempts,
        next_attempt_at=moment(step.again_at) if step.state is StepState.FAILED else None,
        due=moment(step.again_at if step.state is StepState.SCHEDULED else step.deadline),
        started_at=moment(step.started_at),
        ended_at=moment(step.ended_at),
        output=step.output,
        error=ErrorView(code=failure.code, message=failure.message, at=moment(failure.at)) if failure else None,
    )


def _instructions(run: OrderRun, step: StepRun) -> str | None:
    manual = run.definition(step).definition.manual
    if manual is None:
        return None
    try:
        return str(Scope(run, step).render(manual.instructions))
    except NoValue:
        return manual.instructions


def _waits_for(run: OrderRun, step: StepRun) -> str | None:
    say = WAITS_FOR.get(step.phase)
    return say(run, step) if say else None


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
    Phase.EVENT: _event_in_words,
    Phase.PERSON: _person_in_words,
    Phase.CONDITION: _condition_in_words,
    Phase.CALLBACK: _callback_in_words,
    Phase.POLL: _poll_in_words,
}
