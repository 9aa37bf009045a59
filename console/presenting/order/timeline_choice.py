"""Which steps a page of the timeline shows: chosen by when they ran, before anything else of them is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.reading.single_order.timed_steps import AttemptTimes, TimedStep
from workflows.contract.order_views import StepView
from workflows.contract.states import SETTLED, StepState
from workflows.contract.step_facts import is_open

PAGE_ROWS = 100
DENSITY_COLUMNS = 120
FILTERS: Mapping[str, str] = {
    "all": "All that ran",
    "trouble": "Failed or tried again",
    "running": "Under way",
    "longest": "Longest first",
}


@dataclass(frozen=True)
class TimelineRequest:
    filter: str = "all"
    page: int = 1
    is_true: bool = False


@dataclass(frozen=True, slots=True)
class StepSpan:
    """When a step ran, its attempts included."""

    number: int
    begin: datetime
    end: datetime
    """Until now, while it is not settled."""
    failed_attempts: int
    is_open: bool
    had_trouble: bool


@dataclass(frozen=True)
class TimelineChoice:
    spans: Sequence[StepSpan]
    """Of this page, in the order of its rows. Empty if no step fits."""
    count: int
    """Steps on all pages."""
    page: int
    pages: int
    density: Sequence[float]
    """How many steps ran at each of DENSITY_COLUMNS places, of the most at once; empty for one page."""
    unstarted: int
    until: datetime

    @property
    def numbers(self) -> list[int]:
        return [span.number for span in self.spans]


def choose_steps(
    steps: Sequence[TimedStep], request: TimelineRequest, started_at: datetime, until: datetime
) -> TimelineChoice | None:
    """`started_at`, `until`: when the order began, and when it ended or the present time. None if nothing has begun."""
    begun = [_span(step, step.started_at, until) for step in steps if step.started_at is not None]
    if not begun:
        return None
    fitting = sorted(filter(_FITS[request.filter], begun), key=_SORTED.get(request.filter, _by_begin))
    pages = max(-(-len(fitting) // PAGE_ROWS), 1)
    page = min(max(request.page, 1), pages)
    return TimelineChoice(
        spans=fitting[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        count=len(fitting),
        page=page,
        pages=pages,
        density=_density(begun, started_at, until) if pages > 1 else (),
        unstarted=len(steps) - len(begun),
        until=until,
    )


def timed_step(step: StepView, attempts: AttemptTimes | None = None) -> TimedStep:
    failed = step.error is not None or step.state in (StepState.FAILED, StepState.FATALLY_FAILED)
    return TimedStep(
        step.number,
        step.state,
        is_open(step),
        failed or step.attempts > 1 or step.undo is not None,
        step.started_at,
        step.ended_at,
        attempts,
    )


def _span(step: TimedStep, started_at: datetime, until: datetime) -> StepSpan:
    tried = step.attempts
    begin = started_at if tried is None else min(started_at, tried.first_start)
    own_end = tried.last_end if tried is not None and tried.last_end is not None else started_at
    last = step.ended_at or (max(started_at, own_end) if step.state in SETTLED else until)
    failed = 0 if tried is None else tried.failed
    return StepSpan(step.number, begin, max(last, started_at), failed, step.is_open, step.had_trouble or failed > 0)


_FITS: Mapping[str, Callable[[StepSpan], bool]] = {
    "all": lambda _: True,
    "trouble": lambda span: span.had_trouble,
    "running": lambda span: span.is_open,
    "longest": lambda _: True,
}


def _by_begin(span: StepSpan) -> tuple[float, int]:
    return span.begin.timestamp(), span.number


def _by_length(span: StepSpan) -> tuple[float, int]:
    return (span.begin - span.end).total_seconds(), span.number


_SORTED: Mapping[str, Callable[[StepSpan], tuple[float, int]]] = {"longest": _by_length}


def _density(begun: Iterable[StepSpan], begin: datetime, until: datetime) -> list[float]:
    """True to scale from `begin` to `until`."""
    width = max((until - begin) / DENSITY_COLUMNS, timedelta(microseconds=1))
    changes = [0] * (DENSITY_COLUMNS + 1)
    for span in begun:
        first = min(max(int((span.begin - begin) / width), 0), DENSITY_COLUMNS - 1)
        last = min(max(int((span.end - begin) / width), first), DENSITY_COLUMNS - 1)
        changes[first] += 1
        changes[last + 1] -= 1
    counts, running = [], 0
    for change in changes[:-1]:
        running += change
        counts.append(running)
    most = max(counts)
    return [round(count / most, 3) for count in counts] if most else []
