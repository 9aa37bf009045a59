"""A plan as a tree: order line → fulfilment lines → steps, with what each step does and waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from compiler.language.steps import StepKind
from compiler.plan.plan import Line, Plan
from views.plan.graph import longest_chain
from views.plan.outline import Node, outline
from views.plan.step_text import POINT_OF_NO_RETURN, after, conditions, does, numbers
from views.shared.time_format import moment
from views.shared.value_format import counted, customer_words, times, values

STYLES = {
    StepKind.MANUAL: "magenta",
    StepKind.EVENT: "yellow",
    StepKind.WAIT: "blue",
    StepKind.MILESTONE: "green",
}
KINDS = {
    StepKind.CALL: ("call", None),
    StepKind.ACTIVITY: ("activity", "activities"),
    StepKind.MANUAL: ("task for a person", "tasks for people"),
    StepKind.EVENT: ("event", None),
    StepKind.WAIT: ("timer or condition", "timers and conditions"),
    StepKind.MILESTONE: ("milestone", None),
}
WIDE = 130
"""From so many cells on, ids stand beside the names."""
LONGEST_CHAIN = 24
MOST_NAMED = 40
"""Numbers of steps that the summary names."""
WIDEST_AFTER = 15
"""Cells for `after 1, 2`, so that what steps do mostly stands below each other."""
SHORT_VERSION = 19


@dataclass(frozen=True)
class _Row:
    guide: str
    label: Text
    beside: Text
    step: bool = False


class PlanTree:
    """The tree. In a terminal with branches drawn; in a pipe indented, and with every step's id."""

    def __init__(self, plan: Plan, drawn: bool) -> None:
        self.plan = plan
        self.drawn = drawn
        self.after = min(max((len(after(step)) for step in plan.steps), default=0), WIDEST_AFTER)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ids = not self.drawn or options.max_width >= WIDE
        yield from _header(self.plan, self.drawn)
        yield Text("")
        rows = list(self._rows(outline(self.plan), ids))
        column = max((len(row.guide) + row.label.cell_len for row in rows if row.step), default=0) + 2
        column = min(column, options.max_width * 3 // 5)
        for row in rows:
            yield from _laid_out(row, column, console, options.max_width)
        yield Text("")
        yield from _summary(self.plan)

    def _rows(self, root: Node, ids: bool) -> Iterator[_Row]:
        for at, child in enumerate(root.children):
            if at and child.line is not None and child.line.per is None:
                yield _Row("", Text(""), Text(""))
            yield from self._below(child, "", "", ids)

    def _below(self, node: Node, guide: str, deeper: str, ids: bool) -> Iterator[_Row]:
        if node.line is not None:
            yield _Row(guide, *_line(node.line, node.line.per is None))
        else:
            serves = f"  for {', '.join(node.serves)}" if node.serves else ""
            yield _Row(guide, Text(node.lane or "", style="bold"), Text(serves.strip(), style="bright_black"))
        items: list[Node | int] = [*node.steps, *node.children]
        for at, item in enumerate(items):
            last = at == len(items) - 1
            branch, below = self._guides(last)
            if isinstance(item, int):
                yield self._step(item, deeper + branch, ids)
            else:
                yield from self._below(item, deeper + branch, deeper + below, ids)

    def _guides(self, last: bool) -> tuple[str, str]:
        if not self.drawn:
            return "  ", "  "
        return ("└─ ", "   ") if last else ("├─ ", "│  ")

    def _step(self, position: int, guide: str, ids: bool) -> _Row:
        step = self.plan.steps[position]
        planned = self.plan.definition_of(step)
        definition = planned.definition
        number = f"{position + 1:>{len(str(len(self.plan.steps)))}}"
        label = Text.assemble((f"{number} ", "bold cyan"), planned.name)
        if ids:
            label.append(f"  {step.id}", style="bright_black")
        beside = Text(f"{after(step):<{self.after}}  ", style="cyan" if step.after else "bright_black")
        beside.append(does(definition), style=STYLES.get(definition.kind, "default"))
        for condition in conditions(self.plan, definition):
            beside.append(f", {condition}", style="bright_black")
        if definition.point_of_no_return:
            beside.append(f"  {POINT_OF_NO_RETURN}", style="bold red")
        return _Row(guide, label, beside, step=True)


def _line(line: Line, ordered: bool) -> tuple[Text, Text]:
    """An order line: `1  Home Security Package ×1  add`; a fulfilment line: the same with what it was made from."""
    label = Text.assemble(
        (line.id, "bold" if ordered else "bold green"),
        "  ",
        line.name,
        " ",
        times(line.quantity),
        "  ",
        (line.action, "bright_black"),
    )
    made = f"from {', '.join(line.sources)}" if not ordered and len(line.sources) > 1 else ""
    return label, Text("  ".join(filter(None, (made, values(line.attributes)))), style="bright_black")


def _laid_out(row: _Row, column: int, console: Console, width: int) -> Iterator[Text]:
    """The row; what stands beside wraps below itself, with the branches drawn on."""
    start = Text.assemble((row.guide, "bright_black"), row.label)
    on = row.guide.replace("├─", "│ ").replace("└─", "  ")
    at = column if row.step else start.cell_len + 2
    if start.cell_len + 2 > at or (at + 20 > width and row.beside):
        yield start
        at = len(on) + 6
        start = Text(on, style="bright_black")
    room = max(width - at, 20)
    parts = row.beside.wrap(console, room) if row.beside.cell_len > room else [row.beside]
    for part in parts:
        part.rstrip()
        yield Text.assemble(start, " " * (at - start.cell_len), part, no_wrap=True)
        start = Text(on, style="bright_black")


def _header(plan: Plan, short: bool) -> Iterator[Text]:
    order = plan.order
    who = customer_words(order.customer)
    parts = [Text(f"Order {order.id}", style="bold")]
    parts += [Text(f"for {who}")] if who else []
    parts += [Text(f"priority {order.priority}")] if order.priority != 3 else []
    yield Text("  ").join(parts)
    requested = " to ".join(filter(None, (moment(order.requested_start), moment(order.requested_completion))))
    if requested:
        yield Text(f"requested {requested}", style="bright_black")
    if order.characteristics:
        yield Text(f"characteristics {values(order.characteristics)}", style="bright_black")
    yield Text(
        f"{counted(len(plan.order_lines), 'order line')} → {counted(len(plan.lines), 'fulfilment line')} → "
        f"{counted(len(plan.steps), 'step')}"
    )
    version = plan.catalogue_version[:SHORT_VERSION] if short else plan.catalogue_version
    yield Text(f"catalogue {version}", style="bright_black")


def _summary(plan: Plan) -> Iterator[Text]:
    kinds = Counter(plan.definition_of(step).definition.kind for step in plan.steps)
    counts = ", ".join(counted(kinds[kind], *KINDS[kind]) for kind in StepKind if kinds[kind])
    yield Text(counts or "No steps: nothing is to be done.")
    for words, positions in _particular(plan):
        if positions:
            more = f", … ({len(positions):,} in all)" if len(positions) > MOST_NAMED else ""
            yield Text.assemble((f"{words}: ", "bright_black"), numbers(positions[:MOST_NAMED]), more)
    chain = longest_chain(plan)
    if len(chain) > 1:
        shown: Sequence[str] = [str(position + 1) for position in chain]
        if len(shown) > LONGEST_CHAIN:
            shown = [*shown[: LONGEST_CHAIN // 2], "…", *shown[-LONGEST_CHAIN // 2 :]]
        yield Text.assemble((f"longest chain, {counted(len(chain), 'step')}: ", "bright_black"), " → ".join(shown))


def _particular(plan: Plan) -> Iterator[tuple[str, list[int]]]:
    definitions = [plan.definition_of(step).definition for step in plan.steps]
    yield "start at once", [at for at, step in enumerate(plan.steps) if not step.after]
    yield "wait for a person", [at for at, each in enumerate(definitions) if each.kind is StepKind.MANUAL]
    yield "may be skipped", [at for at, each in enumerate(definitions) if each.when not in (None, "true")]
    yield POINT_OF_NO_RETURN, [at for at, each in enumerate(definitions) if each.point_of_no_return]
