"""Tables without frames. Nothing is cut off: the last column wraps at the edge of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

COLUMN_GAP = "  "
MIN_LAST_COLUMN_WIDTH = 28
"""Where the last column would be narrower, it gets a line of its own below the row."""
WRAP_INDENT = 4

Cell = str | Text


class PlainTable:
    """Rows below a heading. Columns without any value are left out. `right_aligned`: positions of columns."""

    def __init__(
        self, headings: Sequence[str], rows: Sequence[Sequence[Cell]], right_aligned: Sequence[int] = ()
    ) -> None:
        self.headings = [Text(name, style="bright_black") for name in headings]
        self.rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
        self.right_aligned = frozenset(right_aligned)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        rows = [self.headings, *self.rows]
        used = [position for position in range(len(self.headings)) if any(row[position] for row in self.rows)]
        rows = [[row[position] for position in used] for row in rows]
        right = {new for new, position in enumerate(used) if position in self.right_aligned}
        widths = [max(row[position].cell_len for row in rows) for position in range(len(used))]
        before = sum(widths[:-1]) + len(COLUMN_GAP) * (len(widths) - 1)
        below = before + min(widths[-1] if widths else 0, MIN_LAST_COLUMN_WIDTH) > width
        for row in rows:
            for line in _row_lines(row, widths, right, console, width, before, below):
                line.no_wrap = line.cell_len <= width
                yield line


def _row_lines(
    row: Sequence[Text],
    widths: Sequence[int],
    right_aligned: set[int],
    console: Console,
    width: int,
    last_column_start: int,
    wrap_below: bool,
) -> Iterator[Text]:
    fixed = [_pad(cell, widths[at], at in right_aligned) for at, cell in enumerate(row[:-1])]
    last = _pad(row[-1], widths[-1], True) if len(row) - 1 in right_aligned else row[-1]
    indent = WRAP_INDENT if wrap_below else last_column_start
    parts = last.wrap(console, width - indent) if last.cell_len > width - indent else [last]
    if wrap_below:
        yield _finish_line(Text(COLUMN_GAP).join(fixed))
        rest = [part for part in parts if part]
    else:
        first = parts[0] if parts else Text("")
        yield _finish_line(Text(COLUMN_GAP).join([*fixed, first]))
        rest = list(parts[1:])
    for part in rest:
        yield _finish_line(Text(" " * indent).append_text(part))


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
