"""An order's plan in progress: a picture, drawn again and again in a terminal; lines of what changed in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from views.order.step_remark import about, taken
from views.order.swimlanes import STUCK, WAITING, Lane, lanes_of, standing
from views.shared.state_styles import JEOPARDY_STYLES, ORDER_STYLES, STEP_MARKS
from views.shared.time_format import duration, short_moment
from views.shared.value_format import counted, in_words
from workflows.contract.states import SETTLED, Jeopardy, OrderState, StepState

if TYPE_CHECKING:
    from workflows.contract.order_views import OrderView, StepView

HEADER_LINES = 3
FEWEST_LINES = 12


class OrderPicture:
    """What `watch` draws: heading, bar, and every lane with its steps; folded until it fits the screen's height.

    `now` is the time that running steps are measured against.
    """

    def __init__(
        self, order: OrderView, steps: Sequence[StepView], now: datetime | None = None, note: str | None = None
    ) -> None:
        self.order = order
        self.steps = steps
        self.now = now or datetime.now(UTC)
        self.note = note
        """A line of its own below: what the watcher should know (`Temporal does not answer; trying again`)."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield heading(self.order, self.steps, self.now)
        yield bar(self.steps, options.max_width, options.ascii_only)
        yield Text("")
        room = max((options.height or console.height) - HEADER_LINES - 3, FEWEST_LINES)
        rows = _fitted(lanes_of(self.steps), room, self.now, options.ascii_only)
        yield from _aligned(rows, options.max_width)
        if self.order.fallout:
            yield Text("")
            yield fallout_hint(self.order)
        if self.note:
            yield Text(self.note, style="yellow")


class StepRow(NamedTuple):
    mark: Text
    number: Text
    name: Text
    taken: Text
    about: Text


Row = StepRow | Text
"""A step, or a line of another kind: a lane's title, a remark."""


def _aligned(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """The rows as lines of at most `width` cells, their columns below each other."""
    steps = [row for row in rows if isinstance(row, StepRow)]
    numbers = max((row.number.cell_len for row in steps), default=0)
    names = min(max((row.name.cell_len for row in steps), default=0), max(width // 2 - 4, 24))
    times = max((row.taken.cell_len for row in steps), default=0)
    for row in rows:
        line = row.copy() if isinstance(row, Text) else _line(row, numbers, names, times)
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
        yield line


def _line(row: StepRow, numbers: int, names: int, times: int) -> Text:
    name = row.name.copy()
    name.truncate(names, overflow="ellipsis", pad=True)
    pads = [" " * (width - cell.cell_len) for width, cell in ((numbers, row.number), (times, row.taken))]
    return Text.assemble(
        "  ", row.mark, " ", pads[0], row.number, "  ", name, "  ", pads[1], row.taken, "  ", row.about
    )


def _fitted(lanes: list[Lane], room: int, now: datetime, ascii_only: bool) -> list[Row]:
    """What `room` lines can hold: all of it, else a line for each lane in which nothing runs, else only what runs."""
    if sum(len(lane.steps) + 1 for lane in lanes) <= room:
        return [row for lane in lanes for row in _open_lane(lane, lane.steps, now, ascii_only)]
    rows = [row for lane in lanes for row in _folded_lane(lane, now, ascii_only)]
    if len(rows) <= room:
        return rows
    rows = [row for lane in lanes if lane.active for row in _open_lane(lane, lane.active, now, ascii_only)]
    hidden = [lane for lane in lanes if not lane.active]
    done = sum(lane.settled == len(lane.steps) for lane in hidden)
    words = [f"{counted(len(hidden), 'workstream')} more: {done:,} done, {len(hidden) - done:,} to come"]
    if len(rows) >= room:
        words.insert(0, f"{len(rows) - room + 1:,} more lines of running steps")
        rows = rows[: room - 1]
    return [*rows, Text("… " + "; ".join(words), style="bright_black")]


def _title(lane: Lane, style: str = "bold") -> Text:
    more = f"  for {lane.serves}" if lane.serves else ""
    return Text.assemble((lane.title, style), (more + (f"  @{lane.suffix}" if lane.suffix else ""), "bright_black"))


def _open_lane(lane: Lane, steps: Sequence[StepView], now: datetime, ascii_only: bool) -> Iterator[Row]:
    yield _title(lane)
    for step in steps:
        yield step_row(step, now, ascii_only)


def _folded_lane(lane: Lane, now: datetime, ascii_only: bool) -> Iterator[Row]:
    if lane.active:
        yield from _open_lane(lane, lane.active, now, ascii_only)
        return
    mark = STEP_MARKS[lane.state]
    count = (f"  {lane.settled} of {counted(len(lane.steps), 'step')}", "bright_black")
    yield Text.assemble((f"{mark.shown(ascii_only)} ", mark.style), _title(lane, mark.style), count)


def step_row(step: StepView, now: datetime, ascii_only: bool = False) -> StepRow:
    """Mark, number, name, time taken, and what it waits for or what went wrong."""
    state = standing(step)
    mark = STEP_MARKS[state]
    quiet = state in WAITING or state is StepState.SKIPPED
    return StepRow(
        Text(mark.shown(ascii_only), style=mark.style),
        Text(str(step.number), style="bright_black"),
        Text(step.name, style="bright_black" if quiet else ""),
        Text(taken(step, now), style="bright_black"),
        Text(about(step, now), style=_urgency(step)),
    )


def _urgency(step: StepView) -> str:
    """The style in which is told how it stands: what is stuck or late catches the eye."""
    state = standing(step)
    if state in STUCK or state is StepState.FAILED:
        return STEP_MARKS[state].style
    late = step.jeopardy is not Jeopardy.ON_TRACK and step.state not in SETTLED
    return JEOPARDY_STYLES[step.jeopardy] if late else ""


def heading(order: OrderView, steps: Sequence[StepView], now: datetime) -> Text:
    """`HS-1001  in progress  7 of 13 steps  2 min 3 s  on track  forecast …`."""
    done = sum(standing(step) in SETTLED for step in steps)
    end = order.ended_at or now
    parts = [
        Text(order.order_id, style="bold"),
        Text(in_words(order.state), style=ORDER_STYLES.get(order.state, "")),
        Text(f"{done:,} of {counted(len(steps), 'step')}"),
        Text(duration(max((end - order.started_at).total_seconds(), 0)), style="bright_black"),
    ]
    if order.state is OrderState.IN_PROGRESS:
        if order.jeopardy is not Jeopardy.ON_TRACK:
            parts.append(Text(in_words(order.jeopardy), style=JEOPARDY_STYLES[order.jeopardy]))
        if order.forecast:
            parts.append(Text(f"forecast {short_moment(order.forecast, now)}", style="bright_black"))
    return Text("  ").join(parts)


def bar(steps: Sequence[StepView], width: int, ascii_only: bool = False) -> Text:
    """How much is done, runs, is stuck and is to come, in colours."""
    if not steps:
        return Text("waiting for the plan", style="bright_black")
    counts = {
        "green": sum(standing(step) in SETTLED for step in steps),
        "bold red": sum(standing(step) in STUCK for step in steps),
        "cyan": sum(standing(step) not in SETTLED | STUCK | WAITING for step in steps),
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
    stuck = counted(order.fallout, "step waits", "steps wait")
    return Text.assemble(
        (f"{stuck} for a person: ", "bold red"), f"`why {order.order_id}` says which, and what would move it"
    )
