"""A plan as a tree: order line → fulfilment lines → steps, with what each step does and waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from compiler.language.steps import StepKind
from compiler.plan.plan import Plan, PlannedLine
from compiler.plan.schedule import PlanSchedule, schedule_plan
from compiler.plan.step_conditions import skipped_steps, step_conditions
from views.plan.outline import OutlineNode, build_outline
from views.plan.schedule_text import expected_duration_text, usual_duration
from views.plan.step_text import (
    POINT_OF_NO_RETURN,
    SHORT_VERSION_LENGTH,
    count_and_numbers,
    describe_action,
    describe_predecessors,
    name_steps,
    plan_sizes,
    start_conditions,
)
from views.shared.time_format import format_time
from views.shared.value_format import format_customer, format_quantity, format_values, pluralize

KIND_STYLES = {
    StepKind.MANUAL: "magenta",
    StepKind.EVENT: "yellow",
    StepKind.WAIT: "blue",
    StepKind.MILESTONE: "green",
}
KIND_NOUNS = {
    StepKind.CALL: ("call", None),
    StepKind.ACTIVITY: ("activity", "activities"),
    StepKind.MANUAL: ("task for a person", "tasks for people"),
    StepKind.EVENT: ("event", None),
    StepKind.WAIT: ("timer or condition", "timers and conditions"),
    StepKind.MILESTONE: ("milestone", None),
}
MIN_WIDTH_FOR_IDS = 130
"""A terminal that is at least this wide shows ids beside names."""
MAX_CHAIN_SHOWN = 24
MAX_AFTER_WIDTH = 15
"""Cells reserved for `after 1, 2`, so that most actions are aligned."""


@dataclass(frozen=True)
class _TreeRow:
    guide: str
    label: Text
    details: Text
    is_step: bool = False


class PlanTree:
    """Shows a plan as a tree. A terminal gets branches. A pipe gets indented lines, and the id of every step."""

    def __init__(self, plan: Plan, draw_branches: bool) -> None:
        self.plan = plan
        self.draw_branches = draw_branches
        self.schedule = schedule_plan(plan, skipped_steps(step_conditions(plan)))
        self.after_width = min(
            max((len(describe_predecessors(step)) for step in plan.steps), default=0), MAX_AFTER_WIDTH
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ids = not self.draw_branches or options.max_width >= MIN_WIDTH_FOR_IDS
        yield from _header_lines(self.plan, self.draw_branches)
        yield Text("")
        rows = list(self._rows(build_outline(self.plan), ids))
        column = max((len(row.guide) + row.label.cell_len for row in rows if row.is_step), default=0) + 2
        column = min(column, options.max_width * 3 // 5)
        for row in rows:
            yield from _row_lines(row, column, console, options.max_width)
        yield Text("")
        yield from _summary_lines(self.plan)
        yield from _schedule_lines(self.plan, self.schedule)

    def _rows(self, root: OutlineNode, show_ids: bool) -> Iterator[_TreeRow]:
        for at, child in enumerate(root.children):
            if at and child.line is not None and child.line.per is None:
                yield _TreeRow("", Text(""), Text(""))
            yield from self._node_rows(child, "", "", show_ids)

    def _node_rows(self, node: OutlineNode, guide: str, child_guide: str, show_ids: bool) -> Iterator[_TreeRow]:
        if node.line is not None:
            yield _TreeRow(guide, *_line_label(node.line, node.line.per is None))
        else:
            served = f"for {', '.join(node.served_line_ids)}" if node.served_line_ids else ""
            yield _TreeRow(guide, Text(node.swimlane_name or "", style="bold"), Text(served, style="bright_black"))
        items: list[OutlineNode | int] = [*node.steps, *node.children]
        for at, item in enumerate(items):
            last = at == len(items) - 1
            branch, below = self._branch_guides(last)
            if isinstance(item, int):
                yield self._step_row(item, child_guide + branch, show_ids)
            else:
                yield from self._node_rows(item, child_guide + branch, child_guide + below, show_ids)

    def _branch_guides(self, is_last: bool) -> tuple[str, str]:
        if not self.draw_branches:
            return "  ", "  "
        return ("└─ ", "   ") if is_last else ("├─ ", "│  ")

    def _step_row(self, position: int, guide: str, show_ids: bool) -> _TreeRow:
        step = self.plan.steps[position]
        planned = self.plan.step_definition(step)
        definition = planned.definition
        number = f"{position + 1:>{len(str(len(self.plan.steps)))}}"
        label = Text.assemble((f"{number} ", "bold cyan"), planned.name)
        if show_ids:
            label.append(f"  {step.id}", style="bright_black")
        details = Text(
            f"{describe_predecessors(step):<{self.after_width}}  ", style="cyan" if step.after else "bright_black"
        )
        details.append(describe_action(definition), style=KIND_STYLES.get(definition.kind, "default"))
        if usual := self._usual_duration(position):
            details.append(usual, style="bright_black")
        for condition in start_conditions(self.plan, definition):
            details.append(f", {condition}", style="bright_black")
        if definition.point_of_no_return:
            details.append(f"  {POINT_OF_NO_RETURN}", style="bold red")
        return _TreeRow(guide, label, details, is_step=True)

    def _usual_duration(self, position: int) -> str:
        """`, usually 2 d`; empty for steps that take no time worth mentioning, or say themselves how long they take."""
        wait = self.plan.step_definition(self.plan.steps[position]).definition.wait
        duration = usual_duration(self.schedule, position)
        return f", usually {duration}" if duration and (wait is None or wait.condition is not None) else ""


def _line_label(line: PlannedLine, is_order_line: bool) -> tuple[Text, Text]:
    """Label and details: `1  Home Security Package ×1  add`, and its attributes."""
    label = Text.assemble(
        (line.id, "bold" if is_order_line else "bold green"),
        "  ",
        line.name,
        " ",
        format_quantity(line.quantity),
        "  ",
        (line.action, "bright_black"),
    )
    sources = f"from {', '.join(line.sources)}" if not is_order_line and len(line.sources) > 1 else ""
    values = format_values({**line.attributes, **line.named_values})
    return label, Text("  ".join(filter(None, (sources, values))), style="bright_black")


def _row_lines(row: _TreeRow, column: int, console: Console, width: int) -> Iterator[Text]:
    """Yields the row's lines. Long details wrap and stay in their column; the branches continue beside them."""
    start = Text.assemble((row.guide, "bright_black"), row.label)
    on = row.guide.replace("├─", "│ ").replace("└─", "  ")
    at = column if row.is_step else start.cell_len + 2
    if start.cell_len + 2 > at or (at + 20 > width and row.details):
        yield start
        at = len(on) + 6
        start = Text(on, style="bright_black")
    room = max(width - at, 20)
    parts = row.details.wrap(console, room) if row.details.cell_len > room else [row.details]
    for part in parts:
        part.rstrip()
        yield Text.assemble(start, " " * (at - start.cell_len), part, no_wrap=True)
        start = Text(on, style="bright_black")


def _header_lines(plan: Plan, short_version: bool) -> Iterator[Text]:
    order = plan.order
    who = format_customer(order.customer)
    parts = [Text(f"Order {order.id}", style="bold")]
    parts += [Text(f"for {who}")] if who else []
    parts += [Text(f"priority {order.priority}")] if order.priority != 3 else []
    yield Text("  ").join(parts)
    requested = " to ".join(filter(None, (format_time(order.requested_start), format_time(order.requested_completion))))
    if requested:
        yield Text(f"requested {requested}", style="bright_black")
    if order.characteristics:
        yield Text(f"characteristics {format_values(order.characteristics)}", style="bright_black")
    yield Text(" → ".join(plan_sizes(plan)))
    version = plan.catalogue_version[:SHORT_VERSION_LENGTH] if short_version else plan.catalogue_version
    yield Text(f"catalogue {version}", style="bright_black")


def _summary_lines(plan: Plan) -> Iterator[Text]:
    kinds = Counter(plan.step_definition(step).definition.kind for step in plan.steps)
    counts = ", ".join(pluralize(kinds[kind], *KIND_NOUNS[kind]) for kind in StepKind if kinds[kind])
    yield Text(counts or "No steps: there is nothing to do.")
    for words, positions in _step_groups(plan):
        if positions:
            yield Text.assemble((f"{words}: ", "bright_black"), count_and_numbers(positions))


def _schedule_lines(plan: Plan, schedule: PlanSchedule) -> Iterator[Text]:
    path = schedule.critical_path
    if len(path) > 1:
        shown: Sequence[str] = [str(position + 1) for position in path]
        if len(shown) > MAX_CHAIN_SHOWN:
            shown = [*shown[: MAX_CHAIN_SHOWN // 2], "…", *shown[-MAX_CHAIN_SHOWN // 2 :]]
        yield Text.assemble((f"critical path, {pluralize(len(path), 'step')}: ", "bright_black"), " → ".join(shown))
    if plan.steps:
        yield Text.assemble(("expected duration: ", "bright_black"), expected_duration_text(plan, schedule))
    for words, positions in (
        ("not counted, since their time is not known yet", schedule.unknown),
        ("skipped, since their `when` does not hold", schedule.skipped),
    ):
        if positions:
            yield Text.assemble((f"{words}: ", "bright_black"), name_steps(positions))


def _step_groups(plan: Plan) -> Iterator[tuple[str, list[int]]]:
    definitions = [plan.step_definition(step).definition for step in plan.steps]
    yield "start at once", [at for at, step in enumerate(plan.steps) if not step.after]
    yield "wait for a person", [at for at, each in enumerate(definitions) if each.kind is StepKind.MANUAL]
    yield "may be skipped", [at for at, each in enumerate(definitions) if each.when not in (None, "true")]
    yield POINT_OF_NO_RETURN, [at for at, each in enumerate(definitions) if each.point_of_no_return]
