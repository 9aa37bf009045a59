"""A plan and its steps in words: sizes, what a step does, what it waits for, its conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from compiler.language.durations import format_duration
from compiler.language.steps import CrossOrderReference, StepDefinition
from compiler.language.waits import EventDefinition, WaitDefinition
from compiler.plan.plan import Plan, PlannedStep
from views.shared.value_format import pluralize

POINT_OF_NO_RETURN = "point of no return"
SHORT_VERSION_LENGTH = 19
"""Characters of a catalogue version that tell it apart."""
MAX_NUMBERS_SHOWN = 40
"""Step numbers that one line of text lists."""
NOT_DELAYED = "not delayed, since no completion is requested"
"""For a step that starts as late as the requested completion allows."""


def plan_sizes(plan: Plan) -> tuple[str, str, str]:
    """`1 order line`, `6 fulfilment lines`, `14 steps`."""
    return (
        pluralize(len(plan.order_lines), "order line"),
        pluralize(len(plan.fulfilment_lines), "fulfilment line"),
        pluralize(len(plan.steps), "step"),
    )


def describe_action(definition: StepDefinition) -> str:
    """`call inventory`, `event shipment_delivered within 5d`, `person in field_force`."""
    if definition.call is not None:
        call = definition.call
        answer = ""
        if call.callback is not None:
            answer = ", then its callback" + _within_text(call.callback.within)
        elif call.poll is not None:
            answer = f", then asks every {_duration_text(call.poll.every)}" + _within_text(call.poll.within)
        return f"call {call.system}{answer}"
    if definition.manual is not None:
        return f"person in {definition.manual.queue}"
    if definition.event is not None:
        return _describe_event(definition.event)
    if definition.wait is not None:
        return _describe_wait(definition.wait)
    return f"activity {definition.activity}" if definition.activity else "milestone"


def _describe_event(event: EventDefinition) -> str:
    return f"event {' or '.join(event.name)}{_within_text(event.within)}"


def _describe_wait(wait: WaitDefinition) -> str:
    if wait.for_ is not None:
        return f"timer for {_duration_text(wait.for_)}"
    if wait.until is not None:
        return f"timer until {wait.until}"
    return f"waits until {wait.condition}{_within_text(wait.within)}"


def _within_text(span: timedelta | str | None) -> str:
    return f" within {_duration_text(span)}" if span is not None else ""


def _duration_text(span: timedelta | str) -> str:
    return span if isinstance(span, str) else format_duration(span)


def start_conditions(plan: Plan, definition: StepDefinition) -> Iterator[str]:
    """`if …`, `not before …`: conditions beside its predecessors."""
    if definition.when not in (None, "true"):
        yield f"if {definition.when}"
    if definition.start is not None:
        start = definition.start
        if start.delay is not None:
            yield f"starts after {_duration_text(start.delay)}"
        elif start.at is not None:
            yield f"not before {start.at}"
        else:
            yield "as late as the requested completion allows" if _has_requested_completion(plan) else NOT_DELAYED
    for reference in definition.after:
        if isinstance(reference, CrossOrderReference):
            yield f"after step {reference.step} of order {reference.order}"


def _has_requested_completion(plan: Plan) -> bool:
    lines = (*plan.order_lines, *plan.fulfilment_lines)
    return bool(plan.order.requested_completion or any(line.requested_completion for line in lines))


def describe_predecessors(step: PlannedStep) -> str:
    """`after 1, 2`, with the numbers that `show` prints; `at once` without predecessors."""
    return f"after {format_step_numbers(step.after)}" if step.after else "at once"


def count_and_numbers(positions: Collection[int], limit: int = MAX_NUMBERS_SHOWN) -> str:
    """`1, 4–90`; of more steps than `limit` only the first, and how many there are."""
    shown = sorted(positions)
    more = f", … ({len(shown):,} in all)" if len(shown) > limit else ""
    return format_step_numbers(shown[:limit]) + more


def name_steps(positions: Collection[int], limit: int = MAX_NUMBERS_SHOWN) -> str:
    """`step 4`, `steps 1, 4–90`; shortened as `count_and_numbers` does."""
    return f"{'step' if len(positions) == 1 else 'steps'} {count_and_numbers(positions, limit)}"


def format_step_numbers(positions: Sequence[int]) -> str:
    """Positions as the numbers that people see, long runs as ranges: `1, 4–90`."""
    parts: list[str] = []
    first = last = None
    for position in [*positions, None]:
        if last is not None and position == last + 1:
            last = position
            continue
        if first is not None and last is not None:
            parts += (
                [str(first + 1)]
                if first == last
                else [f"{first + 1}–{last + 1}" if last - first > 1 else f"{first + 1}, {last + 1}"]
            )
        first = last = position
    return ", ".join(parts)
