"""What an order waits for, whose move it is and what would move it, in paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from operations.blockers.order_blockers import lateness
from views.order.details import headline
from views.shared.state_styles import JEOPARDY_STYLES, STEP_MARKS
from views.shared.table import Facts
from views.shared.time_format import duration, moment
from views.shared.value_format import counted

if TYPE_CHECKING:
    from operations.blockers.order_blockers import Reason
    from operations.reading.read_order import OrderReading
    from workflows.contract.order_views import StepView


def reasons_view(
    reading: OrderReading, reasons: Sequence[Reason], ended: str | None, now: datetime | None = None
) -> Iterator[RenderableType]:
    """`ended`: what to say where nothing is waited for any more."""
    now = now or datetime.now(UTC)
    yield headline(reading.order)
    if late := lateness(reading.order, reading.steps):
        yield Text(late, style=JEOPARDY_STYLES[reading.order.jeopardy])
    if ended or not reasons:
        yield Text(ended or "It waits for nothing that could be told now; look again in a moment.")
        return
    by_id = {step.id: step for step in reading.steps}
    for reason in reasons:
        yield Text("")
        yield from _paragraph(reason, by_id.get(reason.step or ""), now)


def _paragraph(reason: Reason, step: StepView | None, now: datetime) -> Iterator[RenderableType]:
    if step is not None:
        style = STEP_MARKS[step.state].style
        yield Text.assemble((f"{step.number}  {step.summary or step.name}", f"bold {style}"), f"  {step.id}")
    since = ""
    if reason.since:
        since = f"{moment(reason.since)}, {duration(max((now - reason.since).total_seconds(), 0))} ago"
    yield Facts(
        [
            ("now", _sentence(reason.waits_for)),
            ("since", since),
            ("move", f"It is {reason.whose_move} move: {reason.moved_by}."),
            *(("there", _sentence(said.rstrip("."))) for said in reason.beyond),
            ("holds up", counted(reason.holds_up, "later step") if reason.holds_up else ""),
        ]
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
