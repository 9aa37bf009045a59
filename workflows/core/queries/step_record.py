"""A step as an order tells it to the ledger. What clients see of a step is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from compiler.language.durations import format_duration
from compiler.language.steps import ManualDefinition
from compiler.plan.plan import Plan
from workflows.contract.order_views import ITS_TIME, CrossOrderWaitView
from workflows.contract.record_class import record_class
from workflows.contract.states import Jeopardy, StepState
from workflows.contract.step_record import StepRecord
from workflows.core.actions.holder import is_waiting_for_person
from workflows.core.execution.cross_order_wait import describe
from workflows.core.queries.undo_view import (
    error_view,
    form_view,
    rendered_instructions,
    to_datetime,
    to_utc,
    undo_view,
)
from workflows.core.state.order_run import OrderRun, require
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.corrections import correction_views
from workflows.core.steps.expression_scope import StepScope
from workflows.core.steps.labels import activity_summary, label_of, truncate

SCHEDULED, ON_HOLD, ON_TRACK = StepState.SCHEDULED, StepState.ON_HOLD, Jeopardy.ON_TRACK
WAITS_FOR_ATTEMPT = frozenset({StepState.FAILED, StepState.FATALLY_FAILED})


@record_class
class StepInPlan:
    """What only another plan changes of a step's record. All records of the step share its lists and its form."""

    id: str
    workstream: str
    workstream_name: str
    name: str
    summary: str
    """While the step is neither undone nor changed in place."""
    lines: list[str]
    after: list[str]
    manual: ManualDefinition | None
    form: dict[str, Any] | None


def step_in_plan(plan: Plan, position: int) -> StepInPlan:
    planned = plan.steps[position]
    definition = plan.definitions[planned.definition_position]
    lines, manual = plan.step_lines(planned), definition.definition.manual
    return StepInPlan(
        id=planned.id,
        workstream=definition.workstream,
        workstream_name=definition.workstream_name,
        name=definition.name,
        summary=truncate(label_of(definition.name, lines)),
        lines=[line.id for line in lines],
        after=[plan.steps[before].id for before in planned.after],
        manual=manual,
        form=form_view(manual) if manual is not None else None,
    )


def step_record(run: OrderRun, step: StepRun, in_plan: StepInPlan) -> StepRecord:
    """`in_plan`: what `step_in_plan` says of the step and the run's present plan."""
    definition = run.definition(step).definition
    state, clock, manual, again_at = step.state, step.sla_clock, in_plan.manual, step.again_at
    undo = undo_definition = None
    if step.undo is not None:
        undo = undo_view(run, step)
        undo_definition = definition.undo if step.undo.is_open else None
    call = undo_definition.call if undo_definition is not None else definition.call
    return StepRecord(
        number=step.position + 1,
        id=in_plan.id,
        workstream=in_plan.workstream,
        workstream_name=in_plan.workstream_name,
        name=in_plan.name,
        kind=run.profile(step).kind.value,
        summary=in_plan.summary if step.undo is None and not step.changing_in_place else activity_summary(run, step),
        lines=in_plan.lines,
        after=in_plan.after,
        other_orders=_cross_order_waits(run, step) if run.order_links.awaited_by_step else [],
        state=state,
        jeopardy=clock.jeopardy if clock is not None else ON_TRACK,
        late_at=to_datetime(clock.late_at) if clock is not None else None,
        escalated_to=clock.escalated_to if clock is not None else None,
        waits_for=_describe_wait(run, step),
        queue=step.queue or (manual.queue if manual is not None else _escalated_queue(run, step)),
        system=call.system if call is not None else None,
        holder=step.holder if step.holder is not None and is_waiting_for_person(step) else None,
        instructions=(
            rendered_instructions(run, step, definition.manual, StepScope) if definition.manual is not None else None
        ),
        form=in_plan.form,
        attempts=step.attempts,
        next_attempt_at=to_datetime(again_at) if state in WAITS_FOR_ATTEMPT else None,
        due=to_datetime(again_at if state is SCHEDULED else step.deadline),
        started_at=to_datetime(step.started_at),
        ended_at=to_datetime(step.ended_at),
        output=step.output,
        error=error_view(step.failure) if step.failure is not None else None,
        corrections=correction_views(run, step) if step.corrected_from else [],
        undo=undo,
    )


def _escalated_queue(run: OrderRun, step: StepRun) -> str | None:
    """The queue that the step was escalated to. None if it was not escalated, or was escalated to a receiver."""
    if step.sla_clock is None or run.jeopardy_watch is None:
        return None
    return step.sla_clock.escalated_to if step.position in run.jeopardy_watch.escalated_steps else None


def _cross_order_waits(run: OrderRun, step: StepRun) -> list[CrossOrderWaitView]:
    return [
        CrossOrderWaitView(
            order_id=each.order,
            step=each.step,
            since=to_utc(each.since),
            due=to_datetime(each.deadline),
            done=each.done,
            absent=each.absent_since is not None,
        )
        for each in run.order_links.awaited_by_step.get(step.position, ())
    ]


def _describe_wait(run: OrderRun, step: StepRun) -> str | None:
    if step.state is ON_HOLD and (hold := run.holds.hold_for_step(step.position)) is not None:
        return hold.description
    describe_phase = WAIT_DESCRIPTIONS.get(step.phase)
    return describe_phase(run, step) if describe_phase is not None else None


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
