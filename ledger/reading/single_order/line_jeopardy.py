"""Whether the lines of an order are late: the rows of lines do not say it, those of their steps do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflows.contract.order_views import LineView
from workflows.contract.states import SETTLED, Jeopardy, StepState


class LineStep(NamedTuple):
    """What decides of a step."""

    lines: Sequence[str]
    """The lines that it serves directly."""
    state: StepState
    undo_state: str | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Also while it is undone: perhaps so that it is done again, which the ledger does not know."""
        return self.state not in SETTLED or (self.undo_state is not None and self.undo_state not in SETTLED)


@dataclass
class _LineEnd:
    at: datetime | None = None
    """The latest end of a settled step."""
    is_open: bool = False

    def include(self, at: datetime | None, *, is_open: bool) -> None:
        self.at = max((end for end in (self.at, at) if end is not None), default=None)
        self.is_open = self.is_open or is_open


@dataclass(frozen=True)
class LineJeopardy:
    """As workflows.core.timing works it out for an order that is asked, but for open lines whose date is to come: the
    ledger does not know when such a line will probably be complete, but only when its order will be."""

    requested_completion: datetime | None
    jeopardy: Jeopardy
    forecast: datetime | None
    """These three are those of the order."""
    now: datetime

    def has_dates(self, lines: Iterable[LineView]) -> bool:
        """Whether any line can be late. Otherwise, no step need be read."""
        return self.requested_completion is not None or any(line.requested_completion is not None for line in lines)

    def judge(
        self, order_lines: Sequence[LineView], lines: Sequence[LineView], steps: Iterable[LineStep]
    ) -> tuple[list[LineView], list[LineView]]:
        """The order lines and the fulfilment lines, with their jeopardy. An order line includes all lines below it."""
        served: dict[str, _LineEnd] = {}
        for step in steps:
            for line in step.lines:
                served.setdefault(line, _LineEnd()).include(step.ended_at, is_open=step.is_open)
        total = _total_ends(order_lines, lines, served)
        return [self._judged(line, total) for line in order_lines], [self._judged(line, served) for line in lines]

    def _judged(self, line: LineView, ends: Mapping[str, _LineEnd]) -> LineView:
        due, end = line.requested_completion or self.requested_completion, ends.get(line.id)
        if due is None or end is None:
            return line
        return line.model_copy(update={"jeopardy": self._jeopardy(due, end)})

    def _jeopardy(self, due: datetime, end: _LineEnd) -> Jeopardy:
        if end.is_open and self.now <= due:
            return self._of_open(due)
        completed_at = self.now if end.is_open else end.at or self.now
        return Jeopardy.LATE if completed_at > due else Jeopardy.ON_TRACK

    def _of_open(self, due: datetime) -> Jeopardy:
        if self.jeopardy is Jeopardy.ON_TRACK:
            return Jeopardy.ON_TRACK
        return Jeopardy.AT_RISK if self.forecast is None or self.forecast > due else Jeopardy.ON_TRACK


def _total_ends(
    order_lines: Sequence[LineView], lines: Sequence[LineView], served: Mapping[str, _LineEnd]
) -> dict[str, _LineEnd]:
    """Line → when the line and all lines below it ended. A line may have several lines above it."""
    sources = {line.id: line.sources for line in (*order_lines, *lines)}
    total: dict[str, _LineEnd] = {}
    for line, end in served.items():
        above, ahead = {line}, [line]
        while ahead:
            for source in sources.get(ahead.pop(), ()):
                if source not in above:
                    above.add(source)
                    ahead.append(source)
        for each in above:
            total.setdefault(each, _LineEnd()).include(end.at, is_open=end.is_open)
    return total
