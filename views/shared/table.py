"""Tables without frames. Nothing is cut off: the last column wraps at the edge of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

COLUMN_GAP = "  "
MIN_LAST_COLUMN_WIDTH = 28
"""Where the last column would be narrower, it gets a line of its own below the row."""
WRAP_INDENT = 4
MIN_WRAPPING_WIDTH = 20

Cell = str | Text


class PlainTable:
    """Rows below a heading. Columns without any value are left out.

    These are positions of columns: `right_aligned`; `droppable`, the first of which is left out first where the screen
    is too narrow for one line a row (a line below names them); `wrapping`, which wraps there as the last column does.
    """

    def __init__(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        right_aligned: Sequence[int] = (),
        *,
        droppable: Sequence[int] = (),
        wrapping: int | None = None,
    ) -> None:
        self.headings = [Text(name, style="bright_black") for name in headings]
        self.rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
        self.right_aligned = frozenset(right_aligned)
        self.droppable = tuple(droppable)
        self.wrapping = wrapping

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        rows = [self.headings, *self.rows]
        filled = [position for position in range(len(self.headings)) if any(row[position] for row in self.rows)]
        wanted = {position: max(row[position].cell_len for row in rows) for position in filled}
        used = self._fitting(wanted, width)
        rows = [[row[position] for position in used] for row in rows]
        right = {new for new, position in enumerate(used) if position in self.right_aligned}
        widths = [wanted[position] for position in used]
        if self.wrapping in used[:-1]:
            at = used.index(self.wrapping)
            others = _one_line([*widths[:at], 0, *widths[at + 1 : -1], min(widths[-1], MIN_LAST_COLUMN_WIDTH)])
            room = width - others
            if room < MIN_WRAPPING_WIDTH:  # the last column goes below the row
                room = max(width - _one_line([*widths[:at], 0, *widths[at + 1 : -1]]), MIN_WRAPPING_WIDTH)
            widths[at] = min(widths[at], room)
        before = sum(widths[:-1]) + len(COLUMN_GAP) * (len(widths) - 1)
        below = before + min(widths[-1] if widths else 0, MIN_LAST_COLUMN_WIDTH) > width
        for row in rows:
            for line in _row_lines(row, widths, right, console, width, before, below):
                line.no_wrap = line.cell_len <= width
                yield line
        if left_out := [self.headings[position].plain for position in filled if position not in used]:
            yield Text(f"Left out on this narrow screen: {', '.join(left_out)}", style="bright_black")

    def _fitting(self, wanted: dict[int, int], width: int) -> list[int]:
        """The columns to show: as many as leave room for the last column, or for a good part of it if it is wide, or
        else for a part that is worth reading, or else for the columns before it. All, if nothing helps."""
        positions = list(wanted)
        for last_limit in (2 * MIN_LAST_COLUMN_WIDTH, MIN_LAST_COLUMN_WIDTH, 0):
            for count in range(len(self.droppable) + 1):
                kept = [position for position in positions if position not in self.droppable[:count]]
                if not kept:
                    break
                widths = [wanted[position] for position in kept]
                if _one_line([*widths[:-1], min(widths[-1], last_limit)]) <= width:
                    return kept
        return positions


def _one_line(widths: Sequence[int]) -> int:
    return sum(widths) + len(COLUMN_GAP) * (len(widths) - 1)


def _row_lines(
    row: Sequence[Text],
    widths: Sequence[int],
    right_aligned: set[int],
    console: Console,
    width: int,
    last_column_start: int,
    wrap_below: bool,
) -> Iterator[Text]:
    fixed = [_parts(cell, widths[at], console) for at, cell in enumerate(row[:-1])]
    last = _pad(row[-1], widths[-1], True) if len(row) - 1 in right_aligned else row[-1]
    last_parts = _parts(last, width - (WRAP_INDENT if wrap_below else last_column_start), console)
    columns = fixed if wrap_below else [*fixed, last_parts]
    for number in range(max((len(parts) for parts in columns), default=0)):
        cells = [
            _pad(parts[number] if number < len(parts) else Text(""), widths[at], at in right_aligned)
            for at, parts in enumerate(columns)
        ]
        yield _finish_line(Text(COLUMN_GAP).join(cells))
    if wrap_below:
        for part in filter(None, last_parts):
            yield _finish_line(Text(" " * WRAP_INDENT).append_text(part))


def _parts(cell: Text, width: int, console: Console) -> list[Text]:
    """The cell's lines."""
    return list(cell.wrap(console, width)) if cell.cell_len > width else [cell]


def _pad(cell: Text, width: int, align_right: bool) -> Text:
    blank = " " * (width - cell.cell_len)
    return Text.assemble(blank, cell) if align_right else Text.assemble(cell, blank)


def _finish_line(text: Text) -> Text:
    text.rstrip()
    text.overflow = "fold"
    return text


class KeyValueList:
    """`name  value` lines; items without a value are left out."""

    def __init__(self, items: Sequence[tuple[str, Cell]]) -> None:
        self.items = [(name, value if isinstance(value, Text) else Text(value)) for name, value in items if value]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = max((len(name) for name, _ in self.items), default=0)
        indent = names + 4
        for name, value in self.items:
            parts = value.wrap(console, max(options.max_width - indent, 20))
            yield _finish_line(Text.assemble("  ", (f"{name:<{names}}", "bright_black"), "  ", parts[0]))
            for part in parts[1:]:
                yield _finish_line(Text(" " * indent).append_text(part))


def titled_section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(title, style="bold")
    yield body
