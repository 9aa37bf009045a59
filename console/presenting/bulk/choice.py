"""What a bulk job is chosen for, and what the orders would answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.presenting.actions.suggestions import order_url, step_url
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Forbidden, Person, require_step
from operations.bulk.bulk_runner import BulkTarget
from workflows.contract.action_checks import ActionCheck
from workflows.contract.actions import ActionSpec, ActionTarget
from workflows.contract.worklists import WorklistItem


def pick(item: WorklistItem) -> str:
    """`HS-1/3`: order and number of the step. Ids of orders have no slash."""
    return f"{item.order_id}/{item.step.number}"


def noun_of(spec: ActionSpec) -> str:
    """What a job does the action to: `order` or `step`."""
    return "order" if ActionTarget.ORDER in spec.targets else "step"


def targets_of(spec: ActionSpec, items: Sequence[WorklistItem]) -> list[BulkTarget]:
    """The steps, or for an action on orders their orders, each once."""
    if ActionTarget.ORDER in spec.targets:
        return [BulkTarget(order_id) for order_id in dict.fromkeys(item.order_id for item in items)]
    return [BulkTarget(item.order_id, item.step) for item in items]


@dataclass(frozen=True, slots=True)
class TriedTarget:
    label: str
    url: str
    order_id: str
    state: str
    """`would be done`, `needs data`, `refused`, `held`, `not tried`."""
    tone: str
    message: str = ""


def tried(target: BulkTarget, check: ActionCheck | None, person: Person, *, takes_over: bool) -> TriedTarget:
    """`check`: what the order would answer; None if it was not asked, or did not answer."""
    step = target.step
    label = f"{step.summary or step.name}" if step is not None else ""
    url = step_url(target.order_id, step.number) if step is not None else order_url(target.order_id)
    state, tone, message = _verdict(target, check, person, takes_over=takes_over)
    return TriedTarget(label, url, target.order_id, state, tone, message)


def _verdict(
    target: BulkTarget, check: ActionCheck | None, person: Person, *, takes_over: bool
) -> tuple[str, str, str]:
    if check is None:
        return "not tried out", "quiet", ""
    if target.step is not None:
        try:
            require_step(person, ACTION_PERMISSIONS[check.action], target.step)
        except Forbidden as forbidden:
            return "not your work", "bad", forbidden.message
    if check.already:
        return "nothing to do", "quiet", check.message
    if check.held_by is not None:
        return ("would be taken over", "warn", check.message) if takes_over else ("left", "quiet", check.message)
    if check.needs_data:
        return "needs data", "warn", check.message
    if check.code is not None:
        return "refused", "bad", check.message
    return "would be done", "good", check.message


def summary(targets: Sequence[TriedTarget]) -> list[tuple[str, str, int]]:
    """Verdict, tone and number, in the order in which they appear."""
    counts: dict[tuple[str, str], int] = {}
    for target in targets:
        key = (target.state, target.tone)
        counts[key] = counts.get(key, 0) + 1
    return [(state, tone, number) for (state, tone), number in counts.items()]
