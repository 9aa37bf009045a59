"""What an action would do, before it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.presenting.actions.suggestions import step_url
from views.shared.value_format import correction_text
from workflows.contract.order_messages import RollbackImpactView
from workflows.contract.order_views import OrderView, StepView

MAX_LISTED = 200
"""Steps of one kind that a page lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class AffectedStep:
    id: str
    summary: str
    url: str
    """Empty if it is not known."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What happens to some steps or lines."""

    label: str
    tone: str
    """A tone of the style sheet."""
    count: int
    steps: Sequence[AffectedStep]
    note: str = ""

    @property
    def more(self) -> int:
        return self.count - len(self.steps)


def rollback_consequences(impact: RollbackImpactView, order: OrderView, steps: Sequence[StepView]) -> list[Affected]:
    """Only what there is. Steps with their names where `steps` has them."""
    by_id = {step.id: step for step in steps}
    of_steps = (
        ("Undone", "undo", impact.undone),
        ("No longer done", "quiet", impact.discarded),
        ("Kept", "good", impact.kept),
        ("Past the point of no return", "bad", impact.past_no_return),
    )
    of_lines = (
        ("Lines that rely on it, rolled back with it", "undo", impact.lines_going_back),
        ("Lines that rely on it, parked in fallout", "bad", impact.lines_parked),
    )
    found = [Affected(label, tone, len(ids), _steps(ids, order, by_id)) for label, tone, ids in of_steps if ids]
    found += [
        Affected(label, tone, len(ids), [AffectedStep(one, "", "") for one in ids[:MAX_LISTED]])
        for label, tone, ids in of_lines
        if ids
    ]
    if impact.corrections:
        corrected = [
            AffectedStep(step, correction_text(corrections), "") for step, corrections in impact.corrections.items()
        ]
        found.append(Affected("Keep their corrected input", "quiet", len(corrected), corrected[:MAX_LISTED]))
    return found


def _steps(ids: Sequence[str], order: OrderView, by_id: Mapping[str, StepView]) -> list[AffectedStep]:
    return [
        AffectedStep(one, by_id[one].summary, step_url(order.order_id, by_id[one].number))
        if one in by_id
        else AffectedStep(one, "", "")
        for one in ids[:MAX_LISTED]
    ]
