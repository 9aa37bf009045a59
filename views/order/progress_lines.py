"""The lines that `watch` writes to a pipe: each change of a step or of the order, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from views.order.progress_picture import fallout_hint, progress_heading
from views.order.step_remark import elapsed_text, step_remark
from views.order.swimlanes import WAITING_STATES, shown_state
from views.shared.value_format import in_words
from workflows.contract.states import SETTLED, OrderState, StepState

if TYPE_CHECKING:
    from workflows.contract.order_views import OrderView, StepView


class ChangeTracker:
    """Remembers what was reported, and reports only changes, in the order in which they happened."""

    def __init__(self) -> None:
        self._reported_steps: dict[str, tuple[object, ...]] = {}
        self._reported_order: tuple[object, ...] | None = None
        self._reported_fallout = 0
        self._id_width = 0

    def changed_lines(self, order: OrderView, steps: Sequence[StepView], now: datetime | None = None) -> list[str]:
        """Lines, oldest first; none where nothing changed."""
        now = now or datetime.now(UTC)
        changes: list[tuple[datetime, int, str]] = []
        number_width = len(str(len(steps)))
        self._id_width = self._id_width or min(max((len(step.id) for step in steps), default=0), 60)
        for step in steps:
            state = shown_state(step)
            work = step.undo if step.undo is not None and state is not step.state else step
            attempts = work.attempts if state is StepState.FAILED else 0
            report = (state, attempts, work.waits_for, step.jeopardy if step.state not in SETTLED else None)
            previous = self._reported_steps.get(step.id)
            self._reported_steps[step.id] = report
            if report == previous or state in WAITING_STATES:
                continue
            at = _changed_at(step, now)
            remarks = ", ".join(filter(None, (_completed_elapsed(step, now), step_remark(step, now))))
            line = f"{step.number:>{number_width}}  {step.id:<{self._id_width}}  {in_words(state):<14}  {remarks}"
            changes.append((at, step.number, f"{_clock_time(at)}  {line}".rstrip()))
        lines = [line for _, _, line in sorted(changes)]
        if order.fallout > self._reported_fallout:
            lines.append(fallout_hint(order).plain)
        self._reported_fallout = order.fallout
        return self._add_order_line(lines, order, steps, now)

    def _add_order_line(
        self, lines: list[str], order: OrderView, steps: Sequence[StepView], now: datetime
    ) -> list[str]:
        report = (order.state, order.jeopardy if order.state is OrderState.IN_PROGRESS else None)
        if report == self._reported_order or (order.state is OrderState.IN_PROGRESS and not steps):
            return lines
        first = self._reported_order is None
        self._reported_order = report
        line = (
            f"{_clock_time(order.ended_at or (order.started_at if first else now))}  "
            f"{progress_heading(order, steps, now).plain}"
        )
        return [line, *lines] if first and order.ended_at is None else [*lines, line]


def _changed_at(step: StepView, now: datetime) -> datetime:
    if step.undo is not None and step.undo.state not in SETTLED:
        return step.undo.error.at if step.undo.error and step.undo.error.at else now
    if step.state in (StepState.FAILED, StepState.FATALLY_FAILED) and step.error and step.error.at:
        return step.error.at
    return step.ended_at or (step.started_at if step.state is StepState.IN_PROGRESS else None) or now


def _completed_elapsed(step: StepView, now: datetime) -> str:
    return elapsed_text(step, now) if step.ended_at and shown_state(step) is StepState.COMPLETED else ""


def _clock_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%S")
