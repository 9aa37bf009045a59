"""Amendments of orders that are driven by hand: what the compiler would say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler.amendment.amend_plan import amend_plan
from compiler.amendment.compare_plans import steps_seeing_changes
from compiler.plan.plan import Plan
from tests.support.core.order_driver import OrderDriver
from tests.support.core.plans import plan_of
from workflows.core.amendment import apply, impact
from workflows.core.amendment.impact import AmendedPlan, StepFate
from workflows.core.amendment.used_outputs import with_users
from workflows.core.state.order_run import OrderRun


def amended(running: Plan, retired: Iterable[int], wanted: Plan) -> AmendedPlan:
    """As activities/compilation/compile_amendment.py tells it."""
    laid = amend_plan(running, set(retired), wanted)
    positions = {step.id: position for position, step in enumerate(laid.plan.steps)}
    lines = {line.id for line in wanted.order_lines}
    return AmendedPlan(
        plan=laid.plan,
        retired=laid.retired,
        input_changed=frozenset(positions[id_] for id_ in laid.diff.changed),
        context_changed=frozenset(positions[id_] for id_ in steps_seeing_changes(running, laid.plan)),
        removed_lines=frozenset(line.id for line in laid.plan.order_lines if line.id not in lines),
    )


def all_fates(run: OrderRun, found: AmendedPlan) -> dict[int, StepFate]:
    return with_users(run, impact.step_fates(run, found), found.plan, found.retired)


def fates(run: OrderRun, wanted: Plan) -> dict[str, StepFate]:
    """By id, without doing anything."""
    found = amended(run.plan, run.amendments.retired, wanted)
    return {found.plan.steps[at].id: fate for at, fate in all_fates(run, found).items()}


class Amendable(OrderDriver):
    """An order that is amended by other steps, or by other attributes of its one line."""

    def __init__(self, steps: Plan | Mapping[str, Any], **order: Any) -> None:
        super().__init__(steps if isinstance(steps, Plan) else plan_of(steps, **order))

    def amend(self, steps: Plan | Mapping[str, Any], **order: Any) -> dict[str, str]:
        """What becomes of each step that the amendment concerns, by the step's name. Points of no return forbid nothing
        here: that is the update's part."""
        wanted = steps if isinstance(steps, Plan) else plan_of(steps, **order)
        found = amended(self.run.plan, self.run.amendments.retired, wanted)
        decided = all_fates(self.run, found)
        apply.apply_amendment(self.run, found, decided)
        self.plan = self.run.plan
        self.advance()
        return {_name(found.plan.steps[at].id): fate.value for at, fate in decided.items()}

    def states(self) -> dict[str, str]:
        return {
            _name(planned.id): step.state.value for planned, step in zip(self.plan.steps, self.run.steps, strict=True)
        }

    def all_keys(self) -> list[str]:
        """The idempotency keys of all that was sent out, in order, without the order's id."""
        return [
            command.request.idempotency_key.removeprefix("O-1/camera.")
            for command in self.commands
            if hasattr(command, "request")
        ]


def _name(step_id: str) -> str:
    return step_id.removeprefix("camera.").split("@")[0]
