"""What amendments leave in a running order: steps no longer asked for, and what steps see that began before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from compiler.language.steps import InPlaceUpdate
from compiler.plan.plan import Plan, PlannedDefinition, PlannedStep
from workflows.core.state.step_profile import StepProfile, step_profile


@dataclass(slots=True)
class PinnedStep:
    """A step as another plan than the running one has it, or as what only patches its effect."""

    plan: Plan
    """`step.lines` and `step.definition` are positions in this one, all others in the running plan."""
    step: PlannedStep
    definition: PlannedDefinition
    profile: StepProfile
    outputs: dict[int, Any] = field(default_factory=dict)
    """What it read of steps that have been taken back, or done again, since."""

    @classmethod
    def create(
        cls, plan: Plan, step: PlannedStep, *, in_place: bool = False, profile: StepProfile | None = None
    ) -> PinnedStep:
        """`recipe`: of the step's definition, where it is known."""
        definition = plan.step_definition(step)
        if in_place:
            definition = in_place_definition(definition)
        return cls(plan, step, definition, profile or step_profile(definition))


@dataclass(slots=True)
class AmendmentState:
    """amendment/impact.py and amendment/apply.py work with it. Steps are positions in the plan."""

    retired: dict[int, None] = field(default_factory=dict)
    """The order does not ask for these any more; what they did is undone, or is being undone."""
    removed_lines: frozenset[str] = frozenset()
    """Ids of order lines of the plan that the order does not have any more."""
    pinned_steps: dict[int, PinnedStep] = field(default_factory=dict)
    """Steps that began before an amendment: to their end, and when they are undone, they see what they began with."""
    ending_attempts: dict[int, None] = field(default_factory=dict)
    """An attempt of these is under way; when it has ended, they are looked at."""
    input_digests: dict[int, str] = field(default_factory=dict)
    """Steps that read what is done again → a digest of the input that they had."""
    readers_by_step: dict[int, dict[int, None]] = field(default_factory=dict)
    """Steps whose end matters to one of those two → those that are compared."""
    recheck_queue: deque[int] = field(default_factory=deque)
    """Those of them whose state has changed."""

    @property
    def is_settled(self) -> bool:
        """Nothing of an amendment is still to be found out."""
        return not (self.ending_attempts or self.input_digests)


def in_place_definition(planned: PlannedDefinition) -> PlannedDefinition:
    """The step's definition with what `on_change` calls in the place of what the step does.

    Raises TypeError for a step whose `on_change` is no patch.
    """
    definition = planned.definition
    if not isinstance(definition.on_change, InPlaceUpdate):
        raise TypeError("this step's `on_change` calls nothing")
    call = definition.on_change.call
    return replace(
        planned,
        definition=definition.model_copy(
            update={
                "call": call,
                "activity": None,
                "with_": {},
                "manual": None,
                "event": None,
                "wait": None,
                "milestone": None,
                "after": [],
                "when": None,
                "start": None,
                "sla": None,
                "fail_when": [],
                "on_failure": [case for case in definition.on_failure if case.do == "fallout"],
                "output": None if call.callback is not None else "${response}",
            }
        ),
    )


def plan_subset(plan: Plan, steps: Iterable[PlannedStep]) -> Plan:
    """As much of a plan as these steps are seen with: its `steps` are these. What they refer to stays as it is, but for
    their lines and definitions."""
    order_lines: dict[int, int] = {}
    lines: dict[int, int] = {}
    definitions: dict[int, int] = {}
    kept: list[PlannedStep] = []
    for step in steps:
        serves_order_lines = plan.step_definition(step).serves_order_lines
        places = []
        for at in step.line_positions:
            if serves_order_lines:
                places.append(order_lines.setdefault(at, len(order_lines)))
            elif at < 0:
                places.append(~order_lines.setdefault(~at, len(order_lines)))
            else:
                places.append(lines.setdefault(at, len(lines)))
        definition = definitions.setdefault(step.definition_position, len(definitions))
        kept.append(replace(step, line_positions=tuple(places), definition_position=definition))
    return Plan(
        order=plan.order,
        catalogue_version=plan.catalogue_version,
        order_lines=tuple(plan.order_lines[at] for at in order_lines),
        fulfilment_lines=tuple(plan.fulfilment_lines[at] for at in lines),
        definitions=tuple(plan.definitions[at] for at in definitions),
        steps=tuple(kept),
    )
