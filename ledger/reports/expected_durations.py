"""How long the definitions expect steps to take, as forecasts do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from compiler.catalogue.catalogue import Catalogue, Step
from compiler.language.durations import is_template
from compiler.language.steps import StepDefinition
from compiler.plan.expected_duration import step_timing


def expected_durations(catalogue: Catalogue) -> dict[str, timedelta]:
    """By `workstream.step`. Without those that are computed for each order, and those that only pass the time."""
    return {
        step.reference: timedelta(seconds=step_timing(step.definition, _Written()).duration)
        for step in comparable_steps(catalogue)
    }


def comparable_steps(catalogue: Catalogue) -> Iterator[Step]:
    for workstream in catalogue.workstreams.values():
        for step in workstream.steps.values():
            if not _passes_time(step.definition) and not _is_computed(step.definition):
                yield step


def _passes_time(definition: StepDefinition) -> bool:
    wait = definition.wait
    return definition.milestone is not None or (wait is not None and wait.condition is None)


def _is_computed(definition: StepDefinition) -> bool:
    call = definition.call
    waits = (call.poll, call.callback) if call is not None else (definition.event, definition.wait)
    texts = [definition.expected, *(each.within for each in waits if each is not None)]
    texts += [definition.sla.duration] if definition.sla is not None else []
    return any(is_template(text) for text in texts)


class _Written:
    """Reads durations that are no templates."""

    def duration(self, written: timedelta | str) -> float | None:
        return written.total_seconds() if isinstance(written, timedelta) else None

    def moment(self, written: str) -> float | None:  # noqa: ARG002
        return None
