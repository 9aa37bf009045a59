"""A plan as a Mermaid flow chart: a subgraph for each swimlane, an arrow from each direct predecessor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from compiler.language.steps import StepKind
from compiler.plan.plan import Plan
from compiler.plan.schedule import PlanSchedule, schedule_plan
from compiler.plan.step_conditions import skipped_steps, step_conditions
from views.plan.layout.graph import direct_edges
from views.plan.schedule_text import usual_duration
from views.plan.swimlanes import plan_swimlanes

NODE_SHAPES = {
    StepKind.MANUAL: ("[/", "/]"),
    StepKind.EVENT: (">", "]"),
    StepKind.WAIT: ("([", "])"),
    StepKind.MILESTONE: ("{{", "}}"),
}
CLASS_STYLES = {
    "manual": "fill:#f3e8ff,stroke:#7e22ce,color:#111",
    "event": "fill:#fef9c3,stroke:#a16207,color:#111",
    "wait": "fill:#dbeafe,stroke:#1d4ed8,color:#111",
    "milestone": "fill:#dcfce7,stroke:#15803d,color:#111",
    "noreturn": "stroke:#b91c1c,stroke-width:3px",
}


CRITICAL_STYLE = "stroke:#ea580c,stroke-width:3px"
"""Of the arrows on the critical path."""


def render_mermaid(plan: Plan) -> str:
    return "\n".join(_chart_lines(plan)) + "\n"


def _chart_lines(plan: Plan) -> Iterator[str]:
    schedule = schedule_plan(plan, skipped_steps(step_conditions(plan)))
    yield "flowchart LR"
    for number, lane in enumerate(plan_swimlanes(plan), 1):
        yield f'  subgraph lane{number}["{_escape_label(lane.title)}"]'
        for position in lane.steps:
            yield f"    {_node(plan, schedule, position)}"
        yield "  end"
    edges = direct_edges([step.after for step in plan.steps])
    for earlier, later in edges:
        yield f"  s{earlier + 1} --> s{later + 1}"
    critical = {*pairwise(schedule.critical_path)}
    if drawn := [str(at) for at, edge in enumerate(edges) if edge in critical]:
        yield f"  linkStyle {','.join(drawn)} {CRITICAL_STYLE}"
    for name, style in CLASS_STYLES.items():
        yield f"  classDef {name} {style}"
    final = [
        f"s{number}"
        for number, step in enumerate(plan.steps, 1)
        if plan.step_definition(step).definition.point_of_no_return
    ]
    if final:
        yield f"  class {','.join(final)} noreturn"


def _node(plan: Plan, schedule: PlanSchedule, position: int) -> str:
    planned = plan.step_definition(plan.steps[position])
    kind = planned.definition.kind
    opening, closing = NODE_SHAPES.get(kind, ("[", "]"))
    style = f":::{kind}" if kind in CLASS_STYLES else ""
    label, duration = _escape_label(planned.name), usual_duration(schedule, position)
    return f's{position + 1}{opening}"{position + 1} {label}{f", {duration}" if duration else ""}"{closing}{style}'


def _escape_label(text: str) -> str:
    """No character of a name can end the label or act as Mermaid syntax."""
    escaped = "".join(char if char.isalnum() or char in " .,:-+×@/()~" else f"#{ord(char)};" for char in text)
    return " ".join(escaped.split())
