"""The picture of an order in progress that `watch` redraws in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from views.order.list_tables import order_state_text
from views.order.step_remark import elapsed_text, step_remark
from views.order.swimlanes import STUCK_STATES, WAITING_STATES, Swimlane, group_swimlanes, shown_state
from views.shared.state_styles import JEOPARDY_STYLES, STEP_MARKS
from views.shared.time_format import format_elapsed, format_short_time
from views.shared.value_format import in_words, pluralize
from workflows.contract.states import SETTLED, Jeopardy, OrderState, StepState

if TYPE_CHECKING:
    from workflows.contract.order_views import OrderView, StepView

HEADER_LINES = 3
MIN_BODY_LINES = 12


class OrderProgress:
    """Heading, bar, and every swimlane with its steps, collapsed until it fits the screen's height.

    `now`: running steps are measured against it. `note`: a line below, such as a connection that is lost.
    """

    def __init__(
        self, order: OrderView, steps: Sequence[StepView], now: datetime | None = None, note: str | None = None
    ) -> None:
        self.order = order
        self.steps = steps
        self.now = now or datetime.now(UTC)
        self.note = note

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield progress_heading(self.order, self.steps, self.now)
        yield progress_bar(self.steps, options.max_width, options.ascii_only)
        yield Text("")
        room = max((options.height or console.height) - HEADER_LINES - 3, MIN_BODY_LINES)
        rows = _fit_rows(group_swimlanes(self.steps), room, self.now, options.ascii_only)
        yield from _align_rows(rows, options.max_width)
        if self.order.fallout:
            yield Text("")
            yield fallout_hint(self.order)
        if self.note:
            yield Text(self.note, style="yellow")


class StepRow(NamedTuple):
    mark: Text
    number: Text
    name: Text
    elapsed: Text
    remark: Text


Row = StepRow | Text
"""A step, or another line: a swimlane's title, a remark."""


def _align_rows(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """The rows as lines of at most `width` cells, with aligned columns."""
    steps = [row for row in rows if isinstance(row, StepRow)]
    numbers = max((row.number.cell_len for row in steps), default=0)
    names = min(max((row.name.cell_len for row in steps), default=0), max(width // 2 - 4, 24))
    times = max((row.elapsed.cell_len for row in steps), default=0)
    for row in rows:
        line = row.copy() if isinstance(row, Text) else _row_line(row, numbers, names, times)
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
        yield line


def _row_line(row: StepRow, numbers: int, names: int, times: int) -> Text:
    name = row.name.copy()
    name.truncate(names, overflow="ellipsis", pad=True)
    pads = [" " * (width - cell.cell_len) for width, cell in ((numbers, row.number), (times, row.elapsed))]
    return Text.assemble(
        "  ", row.mark, " ", pads[0], row.number, "  ", name, "  ", pads[1], row.elapsed, "  ", row.remark
    )


def _fit_rows(lanes: list[Swimlane], max_lines: int, now: datetime, ascii_only: bool) -> list[Row]:
    """What fits into `max_lines`: all steps, else idle lanes collapsed to a line, else only active steps."""
    if sum(len(lane.steps) + 1 for lane in lanes) <= max_lines:
        return [row for lane in lanes for row in _expanded_swimlane(lane, lane.steps, now, ascii_only)]
    rows = [row for lane in lanes for row in _collapsed_swimlane(lane, now, ascii_only)]
    if len(rows) <= max_lines:
        return rows
    active = [lane for lane in lanes if lane.active_steps]
    hidden = [lane for lane in lanes if not lane.active_steps]
    rows = [row for lane in active for row in _expanded_swimlane(lane, lane.active_steps, now, ascii_only)]
    done = sum(lane.settled_count == len(lane.steps) for lane in hidden)
    words = [f"{pluralize(len(hidden), 'workstream')} more: {done:,} done, {len(hidden) - done:,} to come"]
    if len(rows) >= max_lines:
        words.insert(0, f"{len(rows) - max_lines + 1:,} more lines of running steps")
        rows = rows[: max_lines - 1]
    return [*rows, Text("… " + "; ".join(words), style="bright_black")]


def _swimlane_heading(lane: Swimlane, style: str = "bold") -> Text:
    more = f"  for {lane.served_lines}" if lane.served_lines else ""
    return Text.assemble((lane.title, style), (more + (f"  @{lane.suffix}" if lane.suffix else ""), "bright_black"))


def _expanded_swimlane(lane: Swimlane, steps: Sequence[StepView], now: datetime, ascii_only: bool) -> Iterator[Row]:
    yield _swimlane_heading(lane)
    for step in steps:
        yield step_row(step, now, ascii_only)


def _collapsed_swimlane(lane: Swimlane, now: datetime, ascii_only: bool) -> Iterator[Row]:
    if lane.active_steps:
        yield from _expanded_swimlane(lane, lane.active_steps, now, ascii_only)
        return
    mark = STEP_MARKS[lane.state]
    count = (f"  {lane.settled_count} of {pluralize(len(lane.steps), 'step')}", "bright_black")
    yield Text.assemble((f"{mark.glyph(ascii_only)} ", mark.style), _swimlane_heading(lane, mark.style), count)


def step_row(step: StepView, now: datetime, ascii_only: bool = False) -> StepRow:
    """Mark, number, name, elapsed time, and a remark: what it waits for, or what went wrong."""
    state = shown_state(step)
    mark = STEP_MARKS[state]
    quiet = state in WAITING_STATES or state is StepState.SKIPPED
    return StepRow(
        Text(mark.glyph(ascii_only), style=mark.style),
        Text(str(step.number), style="bright_black"),
        Text(step.name, style="bright_black" if quiet else ""),
        Text(elapsed_text(step, now), style="bright_black"),
        Text(step_remark(step, now), style=_remark_style(step)),
    )


def _remark_style(step: StepView) -> str:
    """Stuck and late steps stand out."""
    state = shown_state(step)
    if state in STUCK_STATES or state is StepState.FAILED:
        return STEP_MARKS[state].style
    late = step.jeopardy is not Jeopardy.ON_TRACK and step.state not in SETTLED
    return JEOPARDY_STYLES[step.jeopardy] if late else ""


def progress_heading(order: OrderView, steps: Sequence[StepView], now: datetime) -> Text:
    """`HS-1001  in progress  7 of 13 steps  2 min 3 s  on track  forecast …`."""
    done = sum(shown_state(step) in SETTLED for step in steps)
    end = order.ended_at or now
    parts = [
        Text(order.order_id, style="bold"),
        order_state_text(order),
        Text(f"{done:,} of {pluralize(len(steps), 'step')}"),
        Text(format_elapsed(max((end - order.started_at).total_seconds(), 0)), style="bright_black"),
    ]
    if order.state is OrderState.IN_PROGRESS:
        if order.jeopardy is not Jeopardy.ON_TRACK:
            parts.append(Text(in_words(order.jeopardy), style=JEOPARDY_STYLES[order.jeopardy]))
        if order.forecast:
            parts.append(Text(f"forecast {format_short_time(order.forecast, now)}", style="bright_black"))
    return Text("  ").join(parts)


def progress_bar(steps: Sequence[StepView], width: int, ascii_only: bool = False) -> Text:
    """The shares of settled, stuck, active and pending steps, in colours."""
    if not steps:
        return Text("waiting for the plan", style="bright_black")
    counts = {
        "green": sum(shown_state(step) in SETTLED for step in steps),
        "bold red": sum(shown_state(step) in STUCK_STATES for step in steps),
        "cyan": sum(shown_state(step) not in SETTLED | STUCK_STATES | WAITING_STATES for step in steps),
    }
    width = min(max(width, 10), 100)
    text, used = Text(), 0
    full, rest = ("=", "-") if ascii_only else ("━", "─")
    for style, count in counts.items():
        cells = min(round(count * width / len(steps)) or (1 if count else 0), width - used)
        text.append(full * cells, style=style)
        used += cells
    return text.append(rest * (width - used), style="bright_black")


def fallout_hint(order: OrderView) -> Text:
    stuck = pluralize(order.fallout, "step waits", "steps wait")
    return Text.assemble(
        (f"{stuck} for a person: ", "bold red"), f"`why {order.order_id}` says which, and what unblocks them"
    )
