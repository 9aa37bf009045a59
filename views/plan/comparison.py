"""Plans side by side: which lines and steps each has, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from compiler.compare_variants import PlanVariant, VariantGroup, group_variants, names_without_effect
from compiler.values import as_text
from views.shared.findings import finding_lines
from views.shared.table import COLUMN_GAP, Cell, PlainTable, titled_section
from views.shared.time_format import format_elapsed
from views.shared.value_format import format_quantity, pluralize

ABSENT = "–"
MIN_COLUMN = 3


@dataclass(frozen=True)
class _Row:
    name: Text
    cells: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.cells)) > 1


def render_comparison(variants: Sequence[PlanVariant], *, is_complete: bool) -> Iterator[RenderableType]:
    """What `plan` prints for several variants: one column for equal plans, only the rows that differ, and how many are
    equal. `is_complete`: the variants are all combinations, so that it can be said which values have no effect."""
    groups = group_variants(variants)
    without_effect = names_without_effect(groups) if is_complete and len(groups) < len(variants) else []
    if len(groups) < len(variants):
        yield Text(f"{pluralize(len(variants), 'variant')}, {pluralize(len(groups), 'different plan')}")
    if without_effect:
        yield Text(f"without effect on lines, steps and times: {', '.join(without_effect)}", style="bright_black")
    rows = [_variant_row(at, one, without_effect) for at, one in enumerate(groups, 1)]
    yield PlainTable(["", "Order", "With"], rows)
    planned = [(str(at), one.first) for at, one in enumerate(groups, 1) if one.first.plan is not None]
    if planned:
        columns, plans = [at for at, _ in planned], [one for _, one in planned]
        yield from _section("Lines", "line", columns, _line_rows(plans))
        yield from _section("Steps", "step", columns, _step_rows(plans))
        yield from titled_section("Together", _ComparisonTable(columns, _total_rows(plans)))
    for at, group in enumerate(groups, 1):
        if group.first.findings:
            yield from titled_section(f"{at} is rejected", Text("\n").join(finding_lines(group.first.findings)))


def _variant_row(number: int, group: VariantGroup, without_effect: Sequence[str]) -> list[Cell]:
    values = [
        f"{name}={'|'.join(as_text(value) for value in group.values_of(name))}"
        for name in group.first.values
        if name not in without_effect
    ]
    text = Text("  ".join(values) or ("any values" if without_effect else "as it is"))
    if group.first.plan is None:
        text.append("  rejected", style="red")
    return [str(number), group.first.order_id, text]


def _section(title: str, noun: str, columns: Sequence[str], rows: Sequence[_Row]) -> Iterator[RenderableType]:
    different = [row for row in rows if row.differs]
    equal = len(rows) - len(different)
    if different:
        yield from titled_section(title, _ComparisonTable(columns, different))
        if equal:
            yield Text(f"and {pluralize(equal, noun)} that all have", style="bright_black")
    elif rows:
        yield from titled_section(title, Text(f"{pluralize(equal, noun)}, the same in all"))


def _line_rows(variants: Sequence[PlanVariant]) -> list[_Row]:
    tables = [
        {
            line.id: (f"{line.id}  {line.name}", format_quantity(line.quantity))
            for line in (*variant.require_plan().order_lines, *variant.require_plan().fulfilment_lines)
        }
        for variant in variants
    ]
    return _rows(tables)


def _step_rows(variants: Sequence[PlanVariant]) -> list[_Row]:
    """One row for each step as defined. A cell has the number of steps, or `skip` if its `when` does not hold."""
    tables: list[dict[str, tuple[str, str]]] = []
    for variant in variants:
        counts: dict[str, list[int]] = {}
        plan = variant.require_plan()
        for position, step in enumerate(plan.steps):
            planned = plan.step_definition(step)
            counts.setdefault(f"{planned.workstream}.{planned.step}\0{planned.name}", []).append(position)
        table = {}
        for key, positions in counts.items():
            reference, _, name = key.partition("\0")
            skipped = len(variant.schedule.skipped.intersection(positions)) if variant.schedule else 0
            cell = "skip" if skipped == len(positions) else f"{len(positions) - skipped}"
            table[reference] = (f"{name}  {reference}", cell)
        tables.append(table)
    return _rows(tables)


def _total_rows(variants: Sequence[PlanVariant]) -> list[_Row]:
    plans = [variant.require_plan() for variant in variants]
    durations = [format_elapsed(one.schedule.duration) if one.schedule else "" for one in variants]
    return [
        _Row(Text("fulfilment lines"), tuple(str(len(plan.fulfilment_lines)) for plan in plans)),
        _Row(Text("steps"), tuple(str(len(plan.steps)) for plan in plans)),
        _Row(Text("expected duration"), tuple(durations)),
    ]


def _rows(tables: Sequence[Mapping[str, tuple[str, str]]]) -> list[_Row]:
    names: dict[str, str] = {}
    for table in tables:
        for key, (name, _) in table.items():
            names.setdefault(key, name)
    return [
        _Row(Text(name), tuple(table[key][1] if key in table else ABSENT for table in tables))
        for key, name in names.items()
    ]


class _ComparisonTable:
    """A column for each variant. Columns that do not fit beside each other follow below."""

    def __init__(self, columns: Sequence[str], rows: Sequence[_Row]) -> None:
        self.columns, self.rows = columns, rows

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        widths = [
            max(MIN_COLUMN, len(column), *(len(row.cells[at]) for row in self.rows)) + len(COLUMN_GAP)
            for at, column in enumerate(self.columns)
        ]
        name_width = max((row.name.cell_len for row in self.rows), default=0)
        for start, end in _chunks(widths, options.max_width - name_width):
            headings = ["", *self.columns[start:end]]
            rows = [[row.name, *(_cell(one) for one in row.cells[start:end])] for row in self.rows]
            yield PlainTable(headings, rows, right_aligned=range(1, end - start + 1))


def _chunks(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    start = used = 0
    for at, width in enumerate(widths):
        if at > start and used + width > room:
            yield start, at
            start, used = at, 0
        used += width
    yield start, len(widths)


def _cell(text: str) -> Text:
    styles = {ABSENT: "bright_black", "skip": "yellow"}
    return Text(text, style=styles.get(text, "green"))


def comparison_to_json(variants: Sequence[PlanVariant], total: int) -> dict[str, Any]:
    """`is_complete` is false if the variants are not all `combinations`, but contain each pair of values. `same_as` is
    the position of the first variant with an equal plan."""
    first = {id(one): variants.index(group.first) for group in group_variants(variants) for one in group.variants}
    return {
        "combinations": total,
        "is_complete": len(variants) >= total,
        "variants": [_variant_to_json(one) | {"same_as": first[id(one)]} for one in variants],
    }


def _variant_to_json(variant: PlanVariant) -> dict[str, Any]:
    plan, schedule = variant.plan, variant.schedule
    data: dict[str, Any] = {
        "order_id": variant.order_id,
        "with": dict(variant.values),
        "findings": [finding.model_dump() for finding in variant.findings],
    }
    if plan is None or schedule is None:
        return data
    return data | {
        "lines": {line.id: line.quantity for line in (*plan.order_lines, *plan.fulfilment_lines)},
        "steps": [step.id for step in plan.steps],
        "skipped": [plan.steps[position].id for position in sorted(schedule.skipped)],
        "duration": schedule.duration,
        "critical_path": [plan.steps[position].id for position in schedule.critical_path],
    }
