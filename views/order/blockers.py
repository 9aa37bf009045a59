"""What `why` prints: each thing that an order waits for, since when, whose move it is, and what unblocks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from operations.blockers.kept_events import kept_event_sentences
from operations.blockers.order_blockers import ended_sentence, lateness_sentence
from views.order.order_page import order_headline, rejection_section
from views.shared.commands import commands_text
from views.shared.state_styles import JEOPARDY_STYLES, STEP_MARKS
from views.shared.table import KeyValueList
from views.shared.time_format import format_elapsed, format_time
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from operations.blockers.order_blockers import Blocker
    from operations.reading.order_details import OrderDetails
    from workflows.contract.order_views import StepView


def render_blockers(
    details: OrderDetails, blockers: Sequence[Blocker], step: StepView | None
) -> Iterator[RenderableType]:
    """Blockers of the order, or of `step`."""
    yield order_headline(details.order)
    if late := lateness_sentence(details.order, details.steps):
        yield Text(late, style=JEOPARDY_STYLES[details.order.jeopardy])
    ended = ended_sentence(details.order, step)
    if ended or not blockers:
        yield Text(ended or "Nothing is known to hold it up now; look again in a moment.")
        blockers = []
    if ended and step is None:
        yield from rejection_section(details.order)
    by_id = {each.id: each for each in details.steps}
    for blocker in blockers:
        yield Text("")
        yield from _blocker_paragraph(blocker, by_id.get(blocker.step or ""))
    for sentence in kept_event_sentences(details.order):
        yield Text("")
        yield Text(sentence)


def _blocker_paragraph(blocker: Blocker, step: StepView | None) -> Iterator[RenderableType]:
    if step is not None:
        style = STEP_MARKS[step.state].style
        yield Text.assemble((f"{step.number}  {step.summary or step.name}", f"bold {style}"), f"  {step.id}")
    since = ""
    if blocker.since:
        elapsed = max((datetime.now(UTC) - blocker.since).total_seconds(), 0)
        since = f"{format_time(blocker.since)}, {format_elapsed(elapsed)} ago"
    yield KeyValueList(
        [
            ("now", _as_sentence(blocker.waits_for)),
            ("since", since),
            ("move", f"It is {blocker.responsible} move: {blocker.unblocked_by}."),
            ("possible", commands_text(blocker.actions)),
            *(("there", _as_sentence(detail.rstrip("."))) for detail in blocker.other_order_details),
            ("holds up", pluralize(blocker.blocked_step_count, "later step") if blocker.blocked_step_count else ""),
        ]
    )


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
