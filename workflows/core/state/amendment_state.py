"""What an amendment leaves behind in a running order: removed steps, and steps that keep their earlier plan."""

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
    """The plan and definition of a step that began before an amendment, and does not use the order's current ones."""

    plan: Plan
    """`step.line_positions` and `step.definition_position` refer to this plan. Other positions refer to the newest."""
    step: PlannedStep
    definition: PlannedDefinition
    """For a change in place, this has the call that `on_change` makes."""
    profile: StepProfile
    outputs: dict[int, Any] = field(default_factory=dict)
    """Step → its old output. This step has read that output, and the other step has been undone or redone since."""

    @classmethod
    def create(
        cls, plan: Plan, step: PlannedStep, *, in_place: bool = False, profile: StepProfile | None = None
    ) -> PinnedStep:
        """`in_place`: for a change in place. `profile`: the definition's profile, if the caller already knows it."""
        definition = plan.step_definition(step)
        if in_place:
            definition = in_place_definition(definition)
        return cls(plan, step, definition, profile or step_profile(definition))


@dataclass(slots=True)
class AmendmentState:
    """amendment/impact.py and amendment/apply.py maintain it. Steps are positions in the plan."""

    retired: dict[int, None] = field(default_factory=dict)
    """Steps that the amended order does not contain. They are undone, or being undone."""
    removed_lines: frozenset[str] = frozenset()
    """Ids of the plan's order lines that the amended order does not contain."""
    pinned_steps: dict[int, PinnedStep] = field(default_factory=dict)
    """Steps that began before an amendment. They keep their earlier plan until they end, and for their undo."""
    ending_attempts: dict[int, None] = field(default_factory=dict)
    """Steps with a running attempt. When it ends, the amendment decides about them again."""
    input_digests: dict[int, str] = field(default_factory=dict)
    """Steps that read the output of a redone step → a digest of their earlier input."""
    readers_by_step: dict[int, dict[int, None]] = field(default_factory=dict)
    """Steps to recheck when their state changes → the steps in `input_digests` that read them."""
    recheck_queue: deque[int] = field(default_factory=deque)
    """Steps in `readers_by_step` whose state has changed."""


def in_place_definition(planned: PlannedDefinition) -> PlannedDefinition:
    """The definition of a change in place: the step with the call of `on_change` as its work.

    Raises TypeError for a step whose `on_change` is not a call.
    """
    definition = planned.definition
    if not isinstance(definition.on_change, InPlaceUpdate):
        raise TypeError("this step's `on_change` is not a call")
    call = definition.on_change.call
    fallout_only = [case for case in definition.on_failure if case.do == "fallout"]
    nothing = dict.fromkeys(("activity", "manual", "event", "wait", "milestone", "when", "start", "sla"))
    return replace(
        planned,
        definition=definition.model_copy(
            update={
                **nothing,
                "call": call,
                "with_": {},
                "after": [],
                "fail_when": [],
                "on_failure": fallout_only,
                "output": None if call.callback is not None else "${response}",
            }
        ),
    )


def plan_subset(plan: Plan, steps: Iterable[PlannedStep]) -> Plan:
    """A plan with only these steps, and only the lines and definitions that they refer to, renumbered."""
    order_lines: dict[int, int] = {}
    lines: dict[int, int] = {}
    definitions: dict[int, int] = {}
    kept: list[PlannedStep] = []
    for step in steps:
        serves_order_lines = plan.step_definition(step).serves_order_lines
        line_positions = []
        for line in step.line_positions:
            if serves_order_lines:
                line_positions.append(order_lines.setdefault(line, len(order_lines)))
            elif line < 0:
                line_positions.append(~order_lines.setdefault(~line, len(order_lines)))
            else:
                line_positions.append(lines.setdefault(line, len(lines)))
        definition = definitions.setdefault(step.definition_position, len(definitions))
        kept.append(replace(step, line_positions=tuple(line_positions), definition_position=definition))
    return Plan(
        order=plan.order,
        catalogue_version=plan.catalogue_version,
        order_lines=tuple(plan.order_lines[position] for position in order_lines),
        fulfilment_lines=tuple(plan.fulfilment_lines[position] for position in lines),
        definitions=tuple(plan.definitions[position] for position in definitions),
        steps=tuple(kept),
    )
