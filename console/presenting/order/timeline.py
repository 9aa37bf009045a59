"""What ran when: a row for each step that has begun, with its attempts and waits on one axis of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.presenting.order.time_axis import TimeAxis, time_axis
from console.presenting.order.timeline_choice import (
    StepSpan,
    TimelineChoice,
    TimelineRequest,
    choose_steps,
    timed_step,
)
from console.presenting.state_marks import Mark, step_mark
from ledger.reading.single_order.timed_steps import AttemptTimes
from views.order.step_remark import step_remark
from views.order.swimlanes import shown_state
from views.shared.time_format import format_elapsed
from workflows.contract.order_views import OrderHeader, StepView

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt

DAY = 86_400
WAITING_KINDS = frozenset({"event", "wait", "manual"})
"""A step of these kinds only waits."""
MIN_WIDTH = 0.35
"""Percent: what takes no time is seen, too."""


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
    choice: TimelineChoice
    now_place: float | None
    requested_place: float | None

    @property
    def tick_style(self) -> str:
        """Times alone, unless the axis is longer than a day."""
        first, last = self.axis.knots[0][0], self.axis.knots[-1][0]
        return "clock" if last - first < DAY else "both"


def order_timeline(
    order: OrderHeader,
    steps: Sequence[StepView],
    attempts: Sequence[StoredAttempt],
    request: TimelineRequest,
    now: datetime,
) -> Timeline | None:
    """Of an order of which everything has been read. None if nothing has begun."""
    times = attempt_times(attempts)
    timed = [timed_step(step, times.get(step.id)) for step in steps]
    choice = choose_steps(timed, request, order.started_at, order.ended_at or now)
    return None if choice is None else draw_timeline(order, choice, steps, attempts, request, now)


def attempt_times(attempts: Iterable[StoredAttempt]) -> Mapping[str, AttemptTimes]:
    """By the id of the step."""
    return {
        step: AttemptTimes(
            min(each.started_at for each in tried),
            max((each.ended_at for each in tried if not each.undo), default=None),
            sum(each.outcome == "failed" for each in tried),
        )
        for step, tried in _by_step(attempts).items()
    }


def draw_timeline(
    order: OrderHeader,
    choice: TimelineChoice,
    steps: Iterable[StepView],
    attempts: Iterable[StoredAttempt],
    request: TimelineRequest,
    now: datetime,
) -> Timeline:
    """`steps` and `attempts`: at least those of the chosen steps. A chosen step that is not among them has no row."""
    by_number, by_step, until = {step.number: step for step in steps}, _by_step(attempts), choice.until
    shown = [
        _Shown(by_number[span.number], span, by_step.get(by_number[span.number].id, ()))
        for span in choice.spans
        if span.number in by_number
    ]
    requested = order.requested_completion
    if requested is not None and requested > until:
        requested = None
    axis = time_axis(_events(order, shown, until, requested), is_true=request.is_true)
    return Timeline(
        axis=axis,
        rows=[_row(each, axis, until) for each in shown],
        choice=choice,
        now_place=axis.place(now) if order.ended_at is None else None,
        requested_place=axis.place(requested) if requested else None,
    )


def _by_step(attempts: Iterable[StoredAttempt]) -> dict[str, list[StoredAttempt]]:
    by_step: dict[str, list[StoredAttempt]] = {}
    for attempt in attempts:
        by_step.setdefault(attempt.step, []).append(attempt)
    return by_step


@dataclass(frozen=True)
class _Shown:
    step: StepView
    span: StepSpan
    attempts: Sequence[StoredAttempt]

    @property
    def events(self) -> Iterator[datetime]:
        yield self.span.begin
        yield self.span.end
        for attempt in self.attempts:
            yield attempt.started_at
            yield attempt.ended_at


def _events(
    order: OrderHeader, shown: Sequence[_Shown], until: datetime, requested: datetime | None
) -> Iterator[datetime]:
    yield order.started_at
    for each in shown:
        yield from each.events
    yield until
    if requested is not None:
        yield requested


def _row(each: _Shown, axis: TimeAxis, until: datetime) -> TimelineRow:
    step = each.step
    return TimelineRow(
        step=step,
        mark=step_mark(shown_state(step)),
        took=format_elapsed(max((each.span.end - each.span.begin).total_seconds(), 0)),
        remark=step_remark(step, until),
        bars=[*_own_bars(each, axis), *_undo_bars(each, axis)],
        attempts=[_attempt_bar(attempt, axis) for attempt in each.attempts],
        failed_attempts=each.span.failed_attempts,
    )


def _own_bars(each: _Shown, axis: TimeAxis) -> Iterator[Bar]:
    kind, begin, end = "wait" if each.step.kind in WAITING_KINDS else "work", each.span.begin, each.span.end
    yield _bar(axis, begin, end, kind, f"{each.step.name}: {format_elapsed(end - begin)}")


def _undo_bars(each: _Shown, axis: TimeAxis) -> Iterator[Bar]:
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
