"""What an order would become, before it is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.language.steps import StepKind
from compiler.plan.plan import Plan
from compiler.plan.schedule import schedule_plan
from compiler.plan.step_conditions import skipped_steps, step_conditions
from compiler.source.findings import Finding
from views.plan.outline import OutlineNode, build_outline
from views.plan.schedule_text import expected_duration_text, usual_duration
from views.plan.step_text import describe_action, describe_predecessors, plan_sizes
from views.shared.value_format import format_quantity, format_values, pluralize

MAX_STEPS = 500
"""Rows of a preview; the rest is counted."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    depth: int
    label: str
    detail: str
    kind: str
    """`order_line`, `fulfilment_line`, `workstream`, or a step's kind."""
    number: int | None = None
    is_past_no_return: bool = False
    usually: str = ""


@dataclass(frozen=True)
class PlanPreview:
    findings: Sequence[str]
    """Why there is no plan."""
    warnings: Sequence[str]
    sizes: str = ""
    """`1 order line → 5 fulfilment lines → 23 steps`."""
    duration: str = ""
    counts: Sequence[str] = ()
    """`4 tasks for people`, for each kind of step."""
    rows: Sequence[PlanRow] = ()
    more: int = 0

    @property
    def is_valid(self) -> bool:
        return not self.findings


KINDS: Mapping[StepKind, tuple[str, str]] = {
    StepKind.CALL: ("call", "calls"),
    StepKind.ACTIVITY: ("activity", "activities"),
    StepKind.MANUAL: ("task for people", "tasks for people"),
    StepKind.EVENT: ("event", "events"),
    StepKind.WAIT: ("timer or condition", "timers and conditions"),
    StepKind.MILESTONE: ("milestone", "milestones"),
}
"""One and several."""


def preview_plan(order: Mapping[str, Any], catalogue: Catalogue) -> PlanPreview:
    """Compiles the order as a worker would. Takes as long as that."""
    compiled = compile_with_warnings(order, catalogue)
    warnings = [finding_line(each) for each in compiled.warnings]
    if compiled.plan is None:
        return PlanPreview([finding_line(each) for each in compiled.findings], warnings)
    plan = compiled.plan
    schedule = schedule_plan(plan, skipped_steps(step_conditions(plan)))
    kinds = Counter(plan.step_definition(step).definition.kind for step in plan.steps)
    usual = [usual_duration(schedule, position) for position in range(len(plan.steps))]
    rows = list(_rows(plan, build_outline(plan), -1, usual))
    return PlanPreview(
        [],
        warnings,
        " → ".join(plan_sizes(plan)),
        expected_duration_text(plan, schedule) if plan.steps else "",
        [pluralize(kinds[kind], *words) for kind, words in KINDS.items() if kinds[kind]],
        rows[:MAX_STEPS],
        max(len(rows) - MAX_STEPS, 0),
    )


def finding_line(finding: Finding) -> str:
    return f"Line {finding.line}, column {finding.column}: {finding.message}" if finding.line else finding.message


def _rows(plan: Plan, node: OutlineNode, depth: int, usual: Sequence[str]) -> Iterator[PlanRow]:
    if node.line is not None:
        line = node.line
        kind = "order_line" if line.per is None else "fulfilment_line"
        values = format_values({**line.attributes, **line.named_values})
        yield PlanRow(depth, f"{line.id}  {line.name} {format_quantity(line.quantity)}  {line.action}", values, kind)
    elif node.swimlane_name is not None:
        served = f"for {', '.join(node.served_line_ids)}" if node.served_line_ids else ""
        yield PlanRow(depth, node.swimlane_name, served, "workstream")
    for position in node.steps:
        yield _step_row(plan, position, depth + 1, usual[position])
    for child in node.children:
        yield from _rows(plan, child, depth + 1, usual)


def _step_row(plan: Plan, position: int, depth: int, usually: str) -> PlanRow:
    step = plan.steps[position]
    planned = plan.step_definition(step)
    detail = "  ".join(filter(None, (describe_action(planned.definition), describe_predecessors(step))))
    return PlanRow(
        depth,
        planned.name,
        detail,
        planned.definition.kind.value,
        position + 1,
        planned.definition.point_of_no_return,
        usually,
    )
