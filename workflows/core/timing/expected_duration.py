"""How long a step usually takes, and when it may start. Forecasts and `start: {latest: true}` use this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from compiler.plan.expected_duration import StepTiming, has_time_templates, step_timing
from compiler.plan.plan import Plan
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.expression_scope import StepExpressionError, StepScope

END_OF_TIME = 253_402_300_799.0
"""The last moment that a datetime can represent. Later moments count as this one."""


class StepTimings:
    """The timing of each step of a plan, cached until something that it reads changes.

    Results depend only on the order's state, never on earlier calls, so queries may use it.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.has_templates = [has_time_templates(planned.definition) for planned in plan.definitions]
        self._fixed: list[StepTiming | None] = [None] * len(plan.definitions)
        self._rendered: dict[int, tuple[list[Any], StepTiming]] = {}

    def timing(self, run: OrderRun, step: StepRun) -> StepTiming:
        planned = self.plan.steps[step.position]
        if not self.has_templates[planned.definition_position]:
            timing = self._fixed[planned.definition_position]
            if timing is None:
                timing = self._fixed[planned.definition_position] = _timing(run, step)
            return timing
        inputs = [run.characteristics, *(run.steps[at].output for read in planned.reads for at in read)]
        cached = self._rendered.get(step.position)
        if cached is not None and all(before is now for before, now in zip(cached[0], inputs, strict=True)):
            return cached[1]
        timing = _timing(run, step)
        self._rendered[step.position] = inputs, timing
        return timing


def _timing(run: OrderRun, step: StepRun) -> StepTiming:
    return step_timing(run.definition(step).definition, _ScopeReader(StepScope(run, step)))


@dataclass(frozen=True, slots=True)
class _ScopeReader:
    """Reads times with what the step's expressions see now."""

    scope: StepScope

    def duration(self, written: timedelta | str) -> float | None:
        try:
            return self.scope.render_duration(written)
        except StepExpressionError:
            return None

    def moment(self, written: str) -> float | None:
        try:
            return self.scope.render_time(written)
        except StepExpressionError:
            return None
