"""A plan as a Mermaid flow chart: a subgraph for each swimlane, an arrow from each direct predecessor."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.language.steps import StepKind
from compiler.plan.plan import Plan
from views.plan.graph import direct_edges
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


def render_mermaid(plan: Plan) -> str:
    return "\n".join(_chart_lines(plan)) + "\n"


def _chart_lines(plan: Plan) -> Iterator[str]:
    yield "flowchart LR"
    for number, lane in enumerate(plan_swimlanes(plan), 1):
        yield f'  subgraph lane{number}["{_escape_label(lane.title)}"]'
        for position in lane.steps:
            yield f"    {_node(plan, position)}"
        yield "  end"
    for earlier, later in direct_edges(plan):
        yield f"  s{earlier + 1} --> s{later + 1}"
    for name, style in CLASS_STYLES.items():
        yield f"  classDef {name} {style}"
    final = [
        f"s{number}"
        for number, step in enumerate(plan.steps, 1)
        if plan.step_definition(step).definition.point_of_no_return
    ]
    if final:
        yield f"  class {','.join(final)} noreturn"


def _node(plan: Plan, position: int) -> str:
    planned = plan.step_definition(plan.steps[position])
    kind = planned.definition.kind
    opening, closing = NODE_SHAPES.get(kind, ("[", "]"))
    style = f":::{kind}" if kind in CLASS_STYLES else ""
    return f's{position + 1}{opening}"{position + 1} {_escape_label(planned.name)}"{closing}{style}'


def _escape_label(text: str) -> str:
    """No character of a name can end the label or act as Mermaid syntax."""
    escaped = "".join(char if char.isalnum() or char in " .,:-+×@/()~" else f"#{ord(char)};" for char in text)
    return " ".join(escaped.split())
