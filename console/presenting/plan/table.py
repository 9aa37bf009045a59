"""The plan as a plain table, lane by lane: for browsers without scripts, and for those who prefer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from views.order.step_remark import elapsed_text, step_remark
from views.order.swimlanes import Swimlane, group_swimlanes, shown_state
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

STEPS_ON_PAGE = 250
"""About: a lane is not divided."""


@dataclass(frozen=True)
class TableStep:
    number: int
    name: str
    kind: str
    state: StepState
    after: str
    """Numbers of the steps that it waits for: `1, 2`."""
    elapsed: str
    remark: str


@dataclass(frozen=True)
class TableLane:
    title: str
    served_lines: str
    steps: tuple[TableStep, ...]


@dataclass(frozen=True)
class PlanTable:
    lanes: tuple[TableLane, ...]
    page: int
    """From 1."""
    pages: int
    step_count: int


def plan_table(steps: Sequence[StepView], now: datetime, page: int = 1) -> PlanTable:
    """`page` outside of the table means its nearest page."""
    pages = _pages(group_swimlanes(steps))
    page = min(max(page, 1), len(pages))
    numbers = {step.id: step.number for step in steps}
    lanes = tuple(_lane(lane, numbers, now) for lane in pages[page - 1])
    return PlanTable(lanes, page, len(pages), len(steps))


def _pages(lanes: Sequence[Swimlane]) -> list[list[Swimlane]]:
    count = sum(len(lane.steps) for lane in lanes)
    limit = ceil(count / max(ceil(count / STEPS_ON_PAGE), 1))
    pages: list[list[Swimlane]] = [[]]
    on_page = 0
    for lane in lanes:
        if on_page and on_page + len(lane.steps) > limit:
            pages.append([])
            on_page = 0
        pages[-1].append(lane)
        on_page += len(lane.steps)
    return pages


def _lane(lane: Swimlane, numbers: dict[str, int], now: datetime) -> TableLane:
    title = f"{lane.title} @{lane.suffix}" if lane.suffix else lane.title
    return TableLane(title, lane.served_lines, tuple(_step(step, numbers, now) for step in lane.steps))


def _step(step: StepView, numbers: dict[str, int], now: datetime) -> TableStep:
    after = ", ".join(str(number) for number in sorted(numbers[id_] for id_ in step.after if id_ in numbers))
    return TableStep(
        step.number, step.name, step.kind, shown_state(step), after, elapsed_text(step, now), step_remark(step, now)
    )
