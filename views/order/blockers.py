"""What an order waits for, whose move it is and what would move it, in paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from operations.blockers.order_blockers import lateness_sentence
from views.order.order_page import order_headline
from views.shared.state_styles import JEOPARDY_STYLES, STEP_MARKS
from views.shared.table import KeyValueList
from views.shared.time_format import format_elapsed, format_time
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from operations.blockers.order_blockers import Blocker
    from operations.reading.order_details import OrderDetails
    from workflows.contract.order_views import StepView


def render_why(
    reading: OrderDetails, reasons: Sequence[Blocker], ended_message: str | None, now: datetime | None = None
) -> Iterator[RenderableType]:
    """`ended`: what to say where nothing is waited for any more."""
    now = now or datetime.now(UTC)
    yield order_headline(reading.order)
    if late := lateness_sentence(reading.order, reading.steps):
        yield Text(late, style=JEOPARDY_STYLES[reading.order.jeopardy])
    if ended_message or not reasons:
        yield Text(ended_message or "It waits for nothing that could be told now; look again in a moment.")
        return
    by_id = {step.id: step for step in reading.steps}
    for reason in reasons:
        yield Text("")
        yield from _reason_paragraph(reason, by_id.get(reason.step or ""), now)


def _reason_paragraph(reason: Blocker, step: StepView | None, now: datetime) -> Iterator[RenderableType]:
    if step is not None:
        style = STEP_MARKS[step.state].style
        yield Text.assemble((f"{step.number}  {step.summary or step.name}", f"bold {style}"), f"  {step.id}")
    since = ""
    if reason.since:
        since = f"{format_time(reason.since)}, {format_elapsed(max((now - reason.since).total_seconds(), 0))} ago"
    yield KeyValueList(
        [
            ("now", _as_sentence(reason.waits_for)),
            ("since", since),
            ("move", f"It is {reason.responsible} move: {reason.unblocked_by}."),
            *(("there", _as_sentence(said.rstrip("."))) for said in reason.other_order_details),
            ("holds up", pluralize(reason.blocked_step_count, "later step") if reason.blocked_step_count else ""),
        ]
    )


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
