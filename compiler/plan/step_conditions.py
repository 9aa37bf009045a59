"""The steps' own `when` as far as it is known when the plan is made. The engine evaluates it when a step is ready."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compiler.cel.known_condition import KnownCondition, known_condition
from compiler.plan.bindings import step_bindings
from compiler.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class StepCondition:
    """The `when` of one step."""

    position: int
    """The step's position in the plan."""
    known: KnownCondition
    location: str
    """`file:line:column` of the expression; empty if unknown."""


def step_conditions(plan: Plan) -> list[StepCondition]:
    """One for each step that has a `when`, in the plan's order.

    An order's characteristics may still change before a step is ready; what is known is what the order says now.
    """
    conditions = []
    for position, step in enumerate(plan.steps):
        planned = plan.step_definition(step)
        condition = planned.definition.when
        if condition is not None and condition != "true":
            known = known_condition(condition, step_bindings(plan, step))
            conditions.append(StepCondition(position, known, planned.expression_locations.get(condition, "")))
    return conditions


def skipped_steps(conditions: Iterable[StepCondition]) -> frozenset[int]:
    """Positions of the steps that are skipped if nothing changes: their `when` is already known to be false."""
    return frozenset(condition.position for condition in conditions if condition.known.value is False)
