"""Tables without frames: columns below each other, nothing cut off, the last one wrapped where the screen ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

GAP = "  "
LEAST_ROOM = 28
"""With fewer cells left for the last column, it goes on a line of its own below."""
INDENT = 4

Cell = str | Text


class Columns:
    """Rows under a heading. `right`: positions of columns that are aligned to the right."""

    def __init__(self, heading: Sequence[str], rows: Sequence[Sequence[Cell]], right: Sequence[int] = ()) -> None:
        self.heading = [Text(name, style="bright_black") for name in heading]
        self.rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
        self.right = frozenset(right)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        rows = [self.heading, *self.rows]
        used = [position for position in range(len(self.heading)) if any(row[position] for row in self.rows)]
        rows = [[row[position] for position in used] for row in rows]
        right = {new for new, position in enumerate(used) if position in self.right}
        widths = [max(row[position].cell_len for row in rows) for position in range(len(used))]
        before = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        below = before + min(widths[-1] if widths else 0, LEAST_ROOM) > width
        for row in rows:
            for line in _laid_out(row, widths, right, console, width, before, below):
                line.no_wrap = line.cell_len <= width
                yield line


def _laid_out(
    row: Sequence[Text], widths: Sequence[int], right: set[int], console: Console, width: int, before: int, below: bool
) -> Iterator[Text]:
    fixed = [_padded(cell, widths[at], at in right) for at, cell in enumerate(row[:-1])]
    last = _padded(row[-1], widths[-1], True) if len(row) - 1 in right else row[-1]
    indent = INDENT if below else before
    parts = last.wrap(console, width - indent) if last.cell_len > width - indent else [last]
    if below:
        yield _line(Text(GAP).join(fixed))
        rest = [part for part in parts if part]
    else:
        first = parts[0] if parts else Text("")
        yield _line(Text(GAP).join([*fixed, first]))
        rest = list(parts[1:])
    for part in rest:
        yield _line(Text(" " * indent).append_text(part))


def _padded(cell: Text, width: int, right: bool) -> Text:
    blank = " " * (width - cell.cell_len)
    return Text.assemble(blank, cell) if right else Text.assemble(cell, blank)


def _line(text: Text) -> Text:
    text.rstrip()
    text.overflow = "fold"
    return text


class Facts:
    """`name  value` lines under a title; those without a value are left out."""

    def __init__(self, facts: Sequence[tuple[str, Cell]]) -> None:
        self.facts = [(name, value if isinstance(value, Text) else Text(value)) for name, value in facts if value]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = max((len(name) for name, _ in self.facts), default=0)
        indent = names + 4
        for name, value in self.facts:
            parts = value.wrap(console, max(options.max_width - indent, 20))
            yield _line(Text.assemble("  ", (f"{name:<{names}}", "bright_black"), "  ", parts[0]))
            for part in parts[1:]:
                yield _line(Text(" " * indent).append_text(part))
