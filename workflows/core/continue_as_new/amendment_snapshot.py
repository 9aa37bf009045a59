"""What amendments have left in an order crosses over when a run continues as another one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from compiler.plan.codec import pack, unpack
from compiler.plan.plan import Plan, PlannedStep
from workflows.core.state.amendment_state import Sight, part_of
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_profile import Recipe


def carried_revisions(run: OrderRun) -> dict[str, Any]:
    """Nothing for an order that was never amended."""
    revisions = run.revisions
    data: dict[str, Any] = {}
    if revisions.retired:
        data["retired"] = list(revisions.retired)
    if revisions.removed_lines:
        data["removed_lines"] = sorted(revisions.removed_lines)
    if revisions.sights:
        data["sights"] = _sights(revisions.sights)
    if revisions.due:
        data["due"] = list(revisions.due)
    if revisions.compared:
        data["compared"] = {str(position): digest for position, digest in revisions.compared.items()}
    if patches := {str(step.position): [step.patches, step.patching] for step in run.steps if step.patches}:
        data["patches"] = patches
    return data


def _sights(sights: Mapping[int, Sight]) -> list[list[Any]]:
    """A row a plan: the positions, and as much of the plan as these steps see, packed."""
    plans: dict[int, tuple[Plan, list[tuple[int, PlannedStep]]]] = {}
    for position, sight in sorted(sights.items()):
        plans.setdefault(id(sight.plan), (sight.plan, []))[1].append((position, sight.step))
    return [
        [
            [position for position, _ in steps],
            base64.b64encode(pack(part_of(plan, [step for _, step in steps]))).decode("ascii"),
            {str(position): _keyed(sights[position].outputs) for position, _ in steps if sights[position].outputs},
        ]
        for plan, steps in plans.values()
    ]


def _keyed(outputs: Mapping[int, Any]) -> dict[str, Any]:
    return {str(position): output for position, output in outputs.items()}


def restore_revisions(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data`: of carried_revisions. To be called before anything asks how a step is seen."""
    revisions = run.revisions
    for position, (patches, patching) in data.get("patches", {}).items():
        run.steps[int(position)].patches, run.steps[int(position)].patching = patches, patching
    revisions.retired = dict.fromkeys(data.get("retired", ()))
    revisions.removed_lines = frozenset(data.get("removed_lines", ()))
    for positions, packed, outputs in data.get("sights", ()):
        plan, recipes = unpack(base64.b64decode(packed)), dict[int, Recipe]()
        for position, step in zip(positions, plan.steps, strict=True):
            patching = run.steps[position].patching
            sight = Sight.of(plan, step, patching=patching, recipe=None if patching else recipes.get(step.definition))
            if not patching:
                recipes[step.definition] = sight.recipe
            sight.outputs = {int(at): output for at, output in outputs.get(str(position), {}).items()}
            revisions.sights[position] = sight
    revisions.due = dict.fromkeys(data.get("due", ()))
    revisions.compared = {int(position): digest for position, digest in data.get("compared", {}).items()}
    for position in revisions.due:
        revisions.watched.setdefault(position, {})
    for position in revisions.compared:
        for read in run.plan.steps[position].reads:
            for at in read:
                revisions.watched.setdefault(at, {})[position] = None
