"""Which steps accept an event, and which one takes it."""

from __future__ import annotations

from collections.abc import Container, Sequence

from workflows.contract.states import StepState
from workflows.core.events.event_inbox import ReceivedEvent
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope

EQUAL_STEPS = "event-taken-by-one-of-equal-steps"
"""Patch: if an event fits several instances of one step, it completes the instance that has waited longest."""


def accepting_steps(run: OrderRun, event: ReceivedEvent) -> list[StepRun]:
    """Steps that wait, in the order of the plan."""
    positions = set(run.waiting.events.get((event.name, None), ()))
    if event.key is not None:
        positions.update(run.waiting.events.get((event.name, event.key), ()))
    return [run.steps[position] for position in sorted(positions) if accepts_event(run, run.steps[position], event)]


def missing_steps(run: OrderRun, event: ReceivedEvent) -> list[StepRun]:
    """Steps in fallout that the event completes late, in the order of the plan."""
    of_name = [run.steps[position] for position in run.steps_by_event().get(event.name, ())]
    return [step for step in of_name if misses_event(step) and _fits(run, step, event)]


def misses_event(step: StepRun) -> bool:
    """Whether the step still takes an event although it is in fallout. It does if it waited for one before."""
    return step.state is StepState.FATALLY_FAILED and step.has_started and bool(step.event_names) and not step.undoing


def choose_step(run: OrderRun, steps: Sequence[StepRun], taken: Container[int] = ()) -> StepRun | None:
    """Picks the step that takes the event: the only candidate, or the one of equal candidates that has waited longest.
    None if no step does.

    `taken`: positions of steps that already have an event.
    """
    if len(steps) > 1 and not (_are_equal(run, steps) and run.is_patched(EQUAL_STEPS)):
        return None
    free = [step for step in steps if step.position not in taken]
    return min(free, key=lambda step: (step.started_at or 0.0, step.position), default=None)


def _are_equal(run: OrderRun, steps: Sequence[StepRun]) -> bool:
    """Whether these are instances of one step definition that wait for the same names and key."""
    awaited = {(step.event_names, step.key) for step in steps}
    planned = [run.definition(step) for step in steps]
    return (
        len(awaited) == 1
        and len({(each.workstream, each.step) for each in planned}) == 1
        and all(each.definition == planned[0].definition for each in planned)
    )


def accepts_event(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """Whether the step waits for this event. The event's name, key and content must all fit."""
    return step.phase is Phase.EVENT and _fits(run, step, event)


def _fits(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    if event.name not in step.event_names:
        return False
    named = event.step is not None and event.step in (run.step_id(step), str(step.position + 1))
    if event.step is not None and not named:
        return False
    if step.key is not None and event.key != step.key and not (named and event.key is None):
        return False
    return match_holds(run, step, event)


def match_holds(run: OrderRun, step: StepRun, event: ReceivedEvent) -> bool:
    """Whether the step's `match` holds. If it has no value for this payload, the event is not meant for the step."""
    awaited = run.definition(step).definition.event
    if awaited is None or awaited.match is None:
        return True
    try:
        return StepScope(run, step, {"payload": event.payload, "event": event.name}).is_true(awaited.match)
    except StepExpressionError:
        return False
