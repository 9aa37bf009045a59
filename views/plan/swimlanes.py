"""The swimlanes of a plan: the steps of one workstream that serve the same lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from compiler.plan.plan import Plan
from views.shared.value_format import format_quantity, instance_suffix


@dataclass
class PlanSwimlane:
    title: str
    """`Security camera ×4`; with the instance suffix where several lanes have this title."""
    name: str
    """The workstream's name."""
    suffix: str
    """What tells it apart from other lanes of the workstream: `1`; empty if there is one for the order."""
    steps: list[int] = field(default_factory=list)
    """Positions in the plan."""


def plan_swimlanes(plan: Plan) -> list[PlanSwimlane]:
    """In the order of their first steps."""
    lanes: dict[tuple[str, str], PlanSwimlane] = {}
    for position, step in enumerate(plan.steps):
        planned = plan.step_definition(step)
        key = (planned.workstream, instance_suffix(step.id))
        if key not in lanes:
            served = plan.step_lines(step)
            single = len(served) == 1 and served[0].product == planned.workstream
            quantity = f" {format_quantity(served[0].quantity)}" if single and served[0].quantity != 1 else ""
            lanes[key] = PlanSwimlane(planned.workstream_name + quantity, planned.workstream_name, key[1])
        lanes[key].steps.append(position)
    titles = Counter(lane.title for lane in lanes.values())
    for (_, suffix), lane in lanes.items():
        if titles[lane.title] > 1 and suffix:
            lane.title += f" @{suffix}"
    return list(lanes.values())
