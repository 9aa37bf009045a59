"""A plan as a Mermaid flow chart: a subgraph for each swimlane, an arrow for each direct predecessor."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.language.steps import StepKind
from compiler.plan.plan import Plan
from views.plan.graph import direct_arrows
from views.plan.swimlanes import plan_lanes

SHAPES = {
    StepKind.MANUAL: ("[/", "/]"),
    StepKind.EVENT: (">", "]"),
    StepKind.WAIT: ("([", "])"),
    StepKind.MILESTONE: ("{{", "}}"),
}
CLASSES = {
    "manual": "fill:#f3e8ff,stroke:#7e22ce,color:#111",
    "event": "fill:#fef9c3,stroke:#a16207,color:#111",
    "wait": "fill:#dbeafe,stroke:#1d4ed8,color:#111",
    "milestone": "fill:#dcfce7,stroke:#15803d,color:#111",
    "noreturn": "stroke:#b91c1c,stroke-width:3px",
}


def mermaid(plan: Plan) -> str:
    """The chart's text, for any place that renders Mermaid."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield "flowchart LR"
    for number, lane in enumerate(plan_lanes(plan), 1):
        yield f'  subgraph lane{number}["{_text(lane.title)}"]'
        for position in lane.steps:
            yield f"    {_node(plan, position)}"
        yield "  end"
    for earlier, later in direct_arrows(plan):
        yield f"  s{earlier + 1} --> s{later + 1}"
    for name, style in CLASSES.items():
        yield f"  classDef {name} {style}"
    stays = [
        f"s{at + 1}" for at, step in enumerate(plan.steps) if plan.definition_of(step).definition.point_of_no_return
    ]
    if stays:
        yield f"  class {','.join(stays)} noreturn"


def _node(plan: Plan, position: int) -> str:
    planned = plan.definition_of(plan.steps[position])
    kind = planned.definition.kind
    opening, closing = SHAPES.get(kind, ("[", "]"))
    style = f":::{kind}" if kind in CLASSES else ""
    return f's{position + 1}{opening}"{position + 1} {_text(planned.name)}"{closing}{style}'


def _text(text: str) -> str:
    """Nothing in a name can end the label or be taken for Mermaid's own signs."""
    escaped = "".join(char if char.isalnum() or char in " .,:-+×@/()~" else f"#{ord(char)};" for char in text)
    return " ".join(escaped.split())
