"""Swimlanes: an order's steps, grouped by workstream and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from views.shared.value_format import instance_suffix
from workflows.contract.states import SETTLED, StepState
from workflows.contract.step_facts import effective_state

if TYPE_CHECKING:
    from workflows.contract.order_views import StepView

WAITING_STATES = frozenset({StepState.PENDING})
STUCK_STATES = frozenset({StepState.FATALLY_FAILED, StepState.ON_HOLD})


def shown_state(step: StepView) -> StepState:
    """The effective state; but the step's own while it runs and its undo has not begun."""
    state = effective_state(step)
    return step.state if state in WAITING_STATES and step.state not in SETTLED else state


class LaneStep(Protocol):
    """What decides in which lane a step is."""

    @property
    def id(self) -> str: ...

    @property
    def workstream(self) -> str: ...

    @property
    def workstream_name(self) -> str: ...

    @property
    def summary(self) -> str: ...


LaneStepT = TypeVar("LaneStepT", bound=LaneStep)


@dataclass
class Lane(Generic[LaneStepT]):
    """The steps of one workstream that serve the same lines."""

    title: str
    """`Security camera ×4`, `Shipment`."""
    served_lines: str
    """`Alarm hub, Security camera ×4`; empty where the title says it."""
    suffix: str
    """The instance suffix; empty where no other lane has this title."""
    steps: list[LaneStepT] = field(default_factory=list)


@dataclass
class Swimlane(Lane["StepView"]):
    """A lane with the states of its steps."""

    @property
    def settled_count(self) -> int:
        return sum(shown_state(step) in SETTLED for step in self.steps)

    @property
    def active_steps(self) -> list[StepView]:
        """Neither settled nor pending."""
        return [step for step in self.steps if shown_state(step) not in SETTLED | WAITING_STATES]

    @property
    def state(self) -> StepState:
        """The most urgent state of its steps; settled when all are."""
        states = [shown_state(step) for step in self.steps]
        for state in (StepState.FATALLY_FAILED, StepState.ON_HOLD, StepState.FAILED, StepState.IN_PROGRESS):
            if state in states:
                return state
        if all(state in SETTLED for state in states):
            return StepState.COMPLETED if StepState.COMPLETED in states else states[0]
        return next((state for state in states if state not in SETTLED | WAITING_STATES), StepState.PENDING)


def _lane_title(step: LaneStep) -> tuple[str, str]:
    """Title and served lines. A product's own workstream has the product with its quantity as the title."""
    lines = step.summary.rpartition(" · ")[0]
    name = step.workstream_name or step.workstream
    own = lines == name or lines.startswith(f"{name} ×")
    return (lines, "") if own else (name, lines)


def group_lanes(steps: Iterable[LaneStepT]) -> list[Lane[LaneStepT]]:
    """In the order of their first steps."""
    lanes: dict[tuple[str, str], Lane[LaneStepT]] = {}
    for step in steps:
        key = (step.workstream, instance_suffix(step.id))
        if key not in lanes:
            lanes[key] = Lane(*_lane_title(step), key[1])
        lanes[key].steps.append(step)
    titles = Counter(lane.title for lane in lanes.values())
    for lane in lanes.values():
        lane.suffix = lane.suffix if titles[lane.title] > 1 else ""
    return list(lanes.values())


def group_swimlanes(steps: Iterable[StepView]) -> list[Swimlane]:
    """In the order of their first steps."""
    return [Swimlane(lane.title, lane.served_lines, lane.suffix, lane.steps) for lane in group_lanes(steps)]
