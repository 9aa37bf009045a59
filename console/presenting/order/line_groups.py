"""The lines of an order: each order line beside the fulfilment lines that it became, with their steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compiler.values import as_text
from console.presenting.order.causes import Cause
from console.presenting.state_marks import Mark, step_mark
from views.order.step_remark import step_remark
from views.order.swimlanes import STUCK_STATES, WAITING_STATES, shown_state
from views.shared.value_format import format_quantity, in_words
from workflows.contract.order_views import LineView, OrderView, StepView
from workflows.contract.states import SETTLED, Jeopardy, OrderState, StepState

PAGE_LINES = 60
"""A page has so many lines, and more only if one order line became more."""
MAX_STEPS = 60
"""Steps of one line on the page; more are counted."""
FILTERS: Mapping[str, str] = {"all": "All lines", "attention": "Only what needs care", "open": "Only what is open"}
DEAD = frozenset({OrderState.FAILED, OrderState.PARTIAL, OrderState.HELD})


@dataclass(frozen=True)
class ValueRow:
    name: str
    text: str


@dataclass(frozen=True)
class StepMark:
    step: StepView
    mark: Mark
    is_shared: bool
    """It serves other lines, too."""
    remark: str
    """What it waits for, or what went wrong; empty if the state says it."""


@dataclass(frozen=True)
class LineRow:
    line: LineView
    name: str
    """With its quantity, if that is not 1."""
    action: str
    """Empty for `add`."""
    values: Sequence[ValueRow]
    causes: Sequence[Cause]
    sources: Sequence[str]
    """Order lines that it comes from, if there are several."""
    steps: Sequence[StepMark]
    """At most MAX_STEPS."""
    step_count: int
    settled: int
    stuck: int
    active: int

    @property
    def shows_jeopardy(self) -> bool:
        """A fulfilment line has no date of its own: it is at risk if what it is for is."""
        is_ordered = not self.line.per
        return self.line.jeopardy is Jeopardy.LATE or (is_ordered and self.line.jeopardy is Jeopardy.AT_RISK)

    @property
    def more_steps(self) -> int:
        return self.step_count - len(self.steps)

    @property
    def needs_care(self) -> bool:
        return self.stuck > 0 or self.line.jeopardy is Jeopardy.LATE or self.line.state in DEAD

    @property
    def is_open(self) -> bool:
        return self.settled < self.step_count


@dataclass(frozen=True)
class LineGroup:
    """An order line, and the fulfilment lines of which it is the first source."""

    line: LineRow
    depth: int
    """0 for a line that no other contains."""
    became: Sequence[LineRow]

    @property
    def size(self) -> int:
        return 1 + len(self.became)


@dataclass(frozen=True)
class LinesRequest:
    filter: str = "all"
    page: int = 1


@dataclass(frozen=True)
class LinesPage:
    groups: Sequence[LineGroup]
    page: int
    pages: int
    filter: str
    order_lines: int
    fulfilment_lines: int
    """Of the whole order."""
    fitting: int
    """Order lines that pass the filter."""


def lines_page(
    order: OrderView,
    steps: Iterable[StepView],
    causes: Mapping[str, Sequence[Cause]],
    request: LinesRequest,
    now: datetime,
) -> LinesPage:
    groups = [group for group in _groups(order, steps, causes, now) if _fits(group, request.filter)]
    pages = _paged(groups)
    at = min(max(request.page, 1), max(len(pages), 1))
    return LinesPage(
        groups=pages[at - 1] if pages else (),
        page=at,
        pages=max(len(pages), 1),
        filter=request.filter,
        order_lines=len(order.order_lines),
        fulfilment_lines=len(order.lines),
        fitting=len(groups),
    )


def _groups(
    order: OrderView, steps: Iterable[StepView], causes: Mapping[str, Sequence[Cause]], now: datetime
) -> Iterable[LineGroup]:
    by_line: dict[str, list[StepView]] = {}
    for step in steps:
        for line_id in step.lines:
            by_line.setdefault(line_id, []).append(step)
    became: dict[str, list[LineView]] = {}
    known = {line.id for line in order.order_lines}
    for line in order.lines:
        first = next((source for source in line.sources if source in known), None)
        became.setdefault(first or "", []).append(line)
    parents = {line.id: line.parent for line in order.order_lines}
    for line in order.order_lines:
        rows = [_row(each, by_line, causes, now) for each in became.get(line.id, ())]
        yield LineGroup(_row(line, by_line, causes, now, is_ordered=True), _depth(line.id, parents), rows)


def _depth(line_id: str, parents: Mapping[str, str | None]) -> int:
    depth, parent = 0, parents.get(line_id)
    while parent is not None and depth < len(parents):
        depth, parent = depth + 1, parents.get(parent)
    return depth


def _row(
    line: LineView,
    by_line: Mapping[str, Sequence[StepView]],
    causes: Mapping[str, Sequence[Cause]],
    now: datetime,
    *,
    is_ordered: bool = False,
) -> LineRow:
    steps = by_line.get(line.id, ())
    states = Counter(_kind_of(shown_state(step)) for step in steps)
    return LineRow(
        line=line,
        name=f"{line.name} {format_quantity(line.quantity)}" if line.quantity != 1 else line.name,
        action="" if line.action == "add" else in_words(line.action),
        values=[
            *(ValueRow(in_words(name), value_text(value)) for name, value in line.attributes.items()),
            *(ValueRow(_named_value(name), value_text(value)) for name, value in line.named_values.items()),
        ],
        causes=causes.get(line.id, ()),
        sources=line.sources if len(line.sources) > 1 and not is_ordered else (),
        steps=[_step_mark(step, now) for step in steps[:MAX_STEPS]],
        step_count=len(steps),
        settled=states["settled"],
        stuck=states["stuck"],
        active=states["active"],
    )


def _named_value(name: str) -> str:
    """`let.setup_fee` → `setup fee, computed`."""
    return f"{in_words(name.rpartition('.')[2])}, computed"


def _step_mark(step: StepView, now: datetime) -> StepMark:
    return StepMark(step, step_mark(shown_state(step)), len(step.lines) > 1, step_remark(step, now))


def _kind_of(state: StepState) -> str:
    if state in SETTLED:
        return "settled"
    if state in STUCK_STATES:
        return "stuck"
    return "waiting" if state in WAITING_STATES else "active"


def _fits(group: LineGroup, filter_name: str) -> bool:
    rows = (group.line, *group.became)
    if filter_name == "attention":
        return any(row.needs_care for row in rows)
    return any(row.is_open for row in rows) if filter_name == "open" else True


def _paged(groups: Sequence[LineGroup]) -> list[list[LineGroup]]:
    pages: list[list[LineGroup]] = []
    room = 0
    for group in groups:
        if not pages or room < group.size:
            pages.append([])
            room = PAGE_LINES
        pages[-1].append(group)
        room -= group.size
    return pages


MAX_VALUE = 300


def value_text(value: Any) -> str:
    """A value of a line for people: texts as they are, numbers and lists as JSON; long ones only begin."""
    text = "" if value is None else as_text(value)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
