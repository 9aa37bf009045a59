"""What amendments have left in an order crosses over when a run continues as another one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.plan import Plan, PlannedStep
from workflows.core.state.amendment_state import PinnedStep, plan_subset
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_profile import StepProfile


def snapshot_amendments(run: OrderRun) -> dict[str, Any]:
    """Nothing for an order that was never amended."""
    revisions = run.amendments
    data: dict[str, Any] = {}
    if revisions.retired:
        data["retired"] = list(revisions.retired)
    if revisions.removed_lines:
        data["removed_lines"] = sorted(revisions.removed_lines)
    if revisions.pinned_steps:
        data["sights"] = _pack_pinned_steps(revisions.pinned_steps)
    if revisions.ending_attempts:
        data["due"] = list(revisions.ending_attempts)
    if revisions.input_digests:
        data["compared"] = {str(position): digest for position, digest in revisions.input_digests.items()}
    if patches := {
        str(step.position): [step.in_place_changes, step.changing_in_place]
        for step in run.steps
        if step.in_place_changes
    }:
        data["patches"] = patches
    return data


def _pack_pinned_steps(sights: Mapping[int, PinnedStep]) -> list[list[Any]]:
    """A row a plan: the positions, and as much of the plan as these steps see, packed."""
    plans: dict[int, tuple[Plan, list[tuple[int, PlannedStep]]]] = {}
    for position, sight in sorted(sights.items()):
        plans.setdefault(id(sight.plan), (sight.plan, []))[1].append((position, sight.step))
    return [
        [
            [position for position, _ in steps],
            base64.b64encode(encode_plan(plan_subset(plan, [step for _, step in steps]))).decode("ascii"),
            {
                str(position): _with_string_keys(sights[position].outputs)
                for position, _ in steps
                if sights[position].outputs
            },
        ]
        for plan, steps in plans.values()
    ]


def _with_string_keys(outputs: Mapping[int, Any]) -> dict[str, Any]:
    return {str(position): output for position, output in outputs.items()}


def restore_amendments(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data`: of carried_revisions. To be called before anything asks how a step is seen."""
    revisions = run.amendments
    for position, (patches, patching) in data.get("patches", {}).items():
        run.steps[int(position)].in_place_changes, run.steps[int(position)].changing_in_place = patches, patching
    revisions.retired = dict.fromkeys(data.get("retired", ()))
    revisions.removed_lines = frozenset(data.get("removed_lines", ()))
    for positions, packed, outputs in data.get("sights", ()):
        plan, recipes = decode_plan(base64.b64decode(packed)), dict[int, StepProfile]()
        for position, step in zip(positions, plan.steps, strict=True):
            patching = run.steps[position].changing_in_place
            sight = PinnedStep.create(
                plan, step, in_place=patching, profile=None if patching else recipes.get(step.definition_position)
            )
            if not patching:
                recipes[step.definition_position] = sight.profile
            sight.outputs = {int(at): output for at, output in outputs.get(str(position), {}).items()}
            revisions.pinned_steps[position] = sight
    revisions.ending_attempts = dict.fromkeys(data.get("due", ()))
    revisions.input_digests = {int(position): digest for position, digest in data.get("compared", {}).items()}
    for position in revisions.ending_attempts:
        revisions.readers_by_step.setdefault(position, {})
    for position in revisions.input_digests:
        for read in run.plan.steps[position].reads:
            for at in read:
                revisions.readers_by_step.setdefault(at, {})[position] = None
