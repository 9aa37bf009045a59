"""What ran when: a row for each step that has begun, with its attempts and waits on one axis of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.presenting.order.time_axis import TimeAxis, time_axis
from console.presenting.state_marks import Mark, step_mark
from views.order.step_remark import step_remark
from views.order.swimlanes import shown_state
from views.shared.time_format import format_elapsed
from workflows.contract.order_views import OrderView, StepView
from workflows.contract.states import SETTLED, StepState
from workflows.contract.step_facts import is_open

if TYPE_CHECKING:
    from ledger.reading.attempts import StoredAttempt

DAY = 86_400
PAGE_ROWS = 100
DENSITY_COLUMNS = 120
WAITING_KINDS = frozenset({"event", "wait", "manual"})
"""A step of these kinds only waits."""
MIN_WIDTH = 0.35
"""Percent: what takes no time is seen, too."""
FILTERS: Mapping[str, str] = {
    "all": "All that ran",
    "trouble": "Failed or tried again",
    "running": "Under way",
    "longest": "Longest first",
}


@dataclass(frozen=True)
class Bar:
    left: float
    width: float
    """Percent of the width."""
    kind: str
    """`work`, `wait`, `undo`; of an attempt: `succeeded`, `failed`."""
    title: str


@dataclass(frozen=True)
class TimelineRow:
    step: StepView
    mark: Mark
    took: str
    remark: str
    bars: Sequence[Bar]
    attempts: Sequence[Bar]
    failed_attempts: int


@dataclass(frozen=True)
class Timeline:
    axis: TimeAxis
    rows: Sequence[TimelineRow]
    """Of this page."""
    count: int
    """Rows on all pages."""
    page: int
    pages: int
    filter: str
    is_true: bool
    density: Sequence[float]
    """How many steps ran at each of DENSITY_COLUMNS places, of the most at once; empty for one page."""
    unstarted: int
    now_place: float | None
    requested_place: float | None

    @property
    def tick_style(self) -> str:
        """Times alone, unless the axis is longer than a day."""
        first, last = self.axis.knots[0][0], self.axis.knots[-1][0]
        return "clock" if last - first < DAY else "both"


@dataclass(frozen=True)
class TimelineRequest:
    filter: str = "all"
    page: int = 1
    is_true: bool = False


def order_timeline(
    order: OrderView,
    steps: Sequence[StepView],
    attempts: Sequence[StoredAttempt],
    request: TimelineRequest,
    now: datetime,
) -> Timeline | None:
    """None if nothing has begun."""
    by_step: dict[str, list[StoredAttempt]] = {}
    for attempt in attempts:
        by_step.setdefault(attempt.step, []).append(attempt)
    until = order.ended_at or now
    begun = [_Begun(step, by_step.get(step.id, ()), until) for step in steps if step.started_at is not None]
    if not begun:
        return None
    fitting = [each for each in begun if _fits(each, request.filter)]
    fitting.sort(key=_sort_key(request.filter))
    pages = max(-(-len(fitting) // PAGE_ROWS), 1)
    page = min(max(request.page, 1), pages)
    shown = fitting[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    requested = (
        order.requested_completion if order.requested_completion and order.requested_completion <= until else None
    )
    axis = time_axis(_events(order, shown or begun, until, requested), is_true=request.is_true)
    return Timeline(
        axis=axis,
        rows=[_row(each, axis, until) for each in shown],
        count=len(fitting),
        page=page,
        pages=pages,
        filter=request.filter,
        is_true=request.is_true,
        density=_density(begun, order.started_at, until) if pages > 1 else (),
        unstarted=len(steps) - len(begun),
        now_place=axis.place(now) if order.ended_at is None else None,
        requested_place=axis.place(requested) if requested else None,
    )


class _Begun:
    """A step that has begun."""

    def __init__(self, step: StepView, attempts: Sequence[StoredAttempt], until: datetime) -> None:
        assert step.started_at is not None
        self.step = step
        self.attempts = attempts
        self.begin = min([step.started_at, *(attempt.started_at for attempt in attempts)])
        own = [attempt.ended_at for attempt in attempts if not attempt.undo]
        last = step.ended_at or (max([step.started_at, *own]) if step.state in SETTLED else until)
        self.end = max(last, step.started_at)
        self.failed = sum(attempt.outcome == "failed" for attempt in attempts)

    @property
    def events(self) -> Iterator[datetime]:
        yield self.begin
        yield self.end
        for attempt in self.attempts:
            yield attempt.started_at
            yield attempt.ended_at


def _fits(each: _Begun, wanted: str) -> bool:
    step = each.step
    if wanted == "trouble":
        failed = step.error is not None or step.state in (StepState.FAILED, StepState.FATALLY_FAILED)
        return failed or each.failed > 0 or step.attempts > 1 or step.undo is not None
    return is_open(step) if wanted == "running" else True


def _sort_key(wanted: str) -> Callable[[_Begun], tuple[Any, int]]:
    if wanted == "longest":
        return lambda each: (each.begin - each.end, each.step.number)
    return lambda each: (each.begin, each.step.number)


def _events(
    order: OrderView, shown: Sequence[_Begun], until: datetime, requested: datetime | None
) -> Iterator[datetime]:
    yield order.started_at
    for each in shown:
        yield from each.events
    yield until
    if requested is not None:
        yield requested


def _row(each: _Begun, axis: TimeAxis, until: datetime) -> TimelineRow:
    step = each.step
    return TimelineRow(
        step=step,
        mark=step_mark(shown_state(step)),
        took=format_elapsed(max((each.end - each.begin).total_seconds(), 0)),
        remark=step_remark(step, until),
        bars=[*_own_bars(each, axis), *_undo_bars(each, axis)],
        attempts=[_attempt_bar(attempt, axis) for attempt in each.attempts],
        failed_attempts=each.failed,
    )


def _own_bars(each: _Begun, axis: TimeAxis) -> Iterator[Bar]:
    kind = "wait" if each.step.kind in WAITING_KINDS else "work"
    yield _bar(axis, each.begin, each.end, kind, f"{each.step.name}: {format_elapsed(each.end - each.begin)}")


def _undo_bars(each: _Begun, axis: TimeAxis) -> Iterator[Bar]:
    undone = [attempt for attempt in each.attempts if attempt.undo]
    if undone:
        begin, end = undone[0].started_at, max(attempt.ended_at for attempt in undone)
        yield _bar(axis, begin, end, "undo", f"undo: {format_elapsed(end - begin)}")


def _attempt_bar(attempt: StoredAttempt, axis: TimeAxis) -> Bar:
    what = f"{'undo, ' if attempt.undo else ''}attempt {attempt.number}: {attempt.outcome}"
    reason = f", {attempt.message or attempt.code}" if attempt.outcome == "failed" else ""
    title = f"{what} after {format_elapsed(attempt.seconds)}{reason}"
    return _bar(axis, attempt.started_at, attempt.ended_at, attempt.outcome, title)


def _bar(axis: TimeAxis, begin: datetime, end: datetime, kind: str, title: str) -> Bar:
    left, width = axis.span(begin, end)
    width = max(width, MIN_WIDTH)
    return Bar(round(min(left, 100 - width), 3), round(width, 3), kind, title)


def _density(begun: Sequence[_Begun], begin: datetime, until: datetime) -> list[float]:
    """True to scale from `begin` to `until`."""
    span = max((until - begin) / DENSITY_COLUMNS, timedelta(microseconds=1))
    changes = [0] * (DENSITY_COLUMNS + 1)
    for each in begun:
        first = min(max(int((each.begin - begin) / span), 0), DENSITY_COLUMNS - 1)
        last = min(max(int((each.end - begin) / span), first), DENSITY_COLUMNS - 1)
        changes[first] += 1
        changes[last + 1] -= 1
    counts, running = [], 0
    for change in changes[:-1]:
        running += change
        counts.append(running)
    most = max(counts)
    return [round(count / most, 3) for count in counts] if most else []
