"""The state that amendments leave in an order, as JSON for continue-as-new."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from compiler.plan.codec import decode_plan, encode_plan
from workflows.core.state.amendment_state import PinnedStep, plan_subset
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_profile import StepProfile


def snapshot_amendments(run: OrderRun) -> dict[str, Any]:
    """Empty for an order that was never amended."""
    amendments = run.amendments
    data: dict[str, Any] = {
        "retired": list(amendments.retired),
        "removed_lines": sorted(amendments.removed_lines),
        "sights": _pinned_rows(amendments.pinned_steps),
        "due": list(amendments.ending_attempts),
        "compared": _with_string_keys(amendments.input_digests),
        "patches": {
            str(step.position): [step.in_place_changes, step.changing_in_place]
            for step in run.steps
            if step.in_place_changes
        },
    }
    return {key: value for key, value in data.items() if value}


def _pinned_rows(pinned_steps: Mapping[int, PinnedStep]) -> list[list[Any]]:
    """A row per plan: the positions of the steps, the packed part of the plan that they need, and their outputs."""
    by_plan: dict[int, list[int]] = {}
    for position in sorted(pinned_steps):
        by_plan.setdefault(id(pinned_steps[position].plan), []).append(position)
    rows = []
    for positions in by_plan.values():
        plan = plan_subset(pinned_steps[positions[0]].plan, [pinned_steps[position].step for position in positions])
        outputs = {str(at): _with_string_keys(pinned_steps[at].outputs) for at in positions if pinned_steps[at].outputs}
        rows.append([positions, base64.b64encode(encode_plan(plan)).decode("ascii"), outputs])
    return rows


def _with_string_keys(values: Mapping[int, Any]) -> dict[str, Any]:
    return {str(position): value for position, value in values.items()}


def restore_amendments(run: OrderRun, data: Mapping[str, Any]) -> None:
    """`data` comes from snapshot_amendments. Call this before anything reads the definition of a step."""
    amendments = run.amendments
    for position, (count, changing) in data.get("patches", {}).items():
        run.steps[int(position)].in_place_changes, run.steps[int(position)].changing_in_place = count, changing
    amendments.retired = dict.fromkeys(data.get("retired", ()))
    amendments.removed_lines = frozenset(data.get("removed_lines", ()))
    for positions, packed, outputs in data.get("sights", ()):
        plan, profiles = decode_plan(base64.b64decode(packed)), dict[int, StepProfile]()
        for position, planned in zip(positions, plan.steps, strict=True):
            in_place = run.steps[position].changing_in_place
            known = None if in_place else profiles.get(planned.definition_position)
            pinned = PinnedStep.create(plan, planned, in_place=in_place, profile=known)
            if not in_place:
                profiles[planned.definition_position] = pinned.profile
            pinned.outputs = {int(at): output for at, output in outputs.get(str(position), {}).items()}
            amendments.pinned_steps[position] = pinned
    amendments.ending_attempts = dict.fromkeys(data.get("due", ()))
    amendments.input_digests = {int(position): digest for position, digest in data.get("compared", {}).items()}
    for position in amendments.ending_attempts:
        amendments.readers_by_step.setdefault(position, {})
    for position in amendments.input_digests:
        for read in run.plan.steps[position].reads:
            for at in read:
                amendments.readers_by_step.setdefault(at, {})[position] = None
