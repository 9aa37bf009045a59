"""A plan as a drawing: a swimlane for each workstream, steps from left to right in the order in which they can run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape

from compiler.plan.plan import Plan
from views.plan.graph import direct_edges, topological_layers
from views.plan.step_text import (
    POINT_OF_NO_RETURN,
    SHORT_VERSION_LENGTH,
    describe_action,
    describe_predecessors,
    plan_sizes,
    start_conditions,
)
from views.plan.swimlanes import PlanSwimlane, plan_swimlanes

BOX_WIDTH, BOX_HEIGHT = 184, 46
COLUMN_PITCH, ROW_PITCH = BOX_WIDTH + 56, BOX_HEIGHT + 16
LANE_TITLE_WIDTH, HEADER_HEIGHT, MARGIN = 190, 64, 20
LANE_PADDING = 12
MAX_LINE_CHARS = 25
"""Characters that fit on one line of a box."""

STYLESHEET = """
.plan{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.paper{fill:#fff}.plan text{fill:#111827}.plan .faint{fill:#6b7280}
.lane{fill:#f9fafb}.lane.other{fill:#f1f3f6}.rule{stroke:#e5e7eb}
.arrow{fill:none;stroke:#9ca3af;stroke-width:1.4}.head{fill:#9ca3af}
.box{fill:#fff;stroke:#6b7280}.manual .box{fill:#f3e8ff}.event .box{fill:#fef9c3}
.wait .box{fill:#dbeafe}.milestone .box{fill:#dcfce7}
.conditional .box{stroke-dasharray:5 3}.final .box{stroke:#b91c1c;stroke-width:2.5}
.step:hover .box{stroke-width:3}
@media (prefers-color-scheme:dark){
.paper{fill:#0b0f17}.plan text{fill:#e5e7eb}.plan .faint{fill:#9ca3af}
.lane{fill:#111827}.lane.other{fill:#0f172a}.rule{stroke:#1f2937}
.arrow{stroke:#6b7280}.head{fill:#6b7280}
.box{fill:#1f2937;stroke:#9ca3af}.manual .box{fill:#3b1d5e}.event .box{fill:#4a3b07}
.wait .box{fill:#172f5f}.milestone .box{fill:#14401f}.final .box{stroke:#f87171}}
"""


@dataclass(frozen=True)
class _Point:
    x: float
    y: float


@dataclass(frozen=True)
class _Layout:
    swimlanes: list[tuple[PlanSwimlane, float, float]]
    """Lane, top, height."""
    box_origins: dict[int, _Point]
    """Top left corner of each step's box."""
    width: float
    height: float


def render_svg(plan: Plan) -> str:
    """A drawing without scripts or external resources; follows the viewer's light or dark mode."""
    layout = _compute_layout(plan)
    subtitle = f"{', '.join(plan_sizes(plan))}, catalogue {escape(plan.catalogue_version[:SHORT_VERSION_LENGTH])}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plan" viewBox="0 0 {layout.width:g} {layout.height:g}" '
        f'width="{layout.width:g}" height="{layout.height:g}" role="img">',
        f"<title>Plan of order {escape(plan.order.id)}</title><style>{STYLESHEET}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="paper" width="{layout.width:g}" height="{layout.height:g}"/>',
        f'<text x="{MARGIN}" y="28" font-size="17" font-weight="600">Order {escape(plan.order.id)}</text>',
        f'<text class="faint" x="{MARGIN}" y="48" font-size="12">{subtitle}</text>',
        *(
            _swimlane_svg(lane, number, top, height, layout.width)
            for number, (lane, top, height) in enumerate(layout.swimlanes)
        ),
        *(_arrow_svg(layout.box_origins[earlier], layout.box_origins[later]) for earlier, later in direct_edges(plan)),
        *(_step_box_svg(plan, position, origin) for position, origin in layout.box_origins.items()),
        "</svg>",
    ]
    return "\n".join(parts)


def render_html(plan: Plan) -> str:
    """The drawing as a page, with what each step does and waits for in a table below it."""
    rows = "".join(_table_row(plan, position) for position in range(len(plan.steps)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Plan of order {escape(plan.order.id)}</title>"
        "<style>body{margin:0;font:14px/1.5 system-ui,sans-serif;color-scheme:light dark}.scroll{overflow-x:auto}"
        "table{border-collapse:collapse;margin:20px}td,th{text-align:left;padding:3px 14px 3px 0;vertical-align:top}"
        "code{font-size:12px}</style></head>\n"
        f'<body><div class="scroll">{render_svg(plan)}</div>\n'
        "<table><tr><th>No.</th><th>Step</th><th>Id</th><th>Waits</th>"
        f"<th>Does</th></tr>{rows}</table></body></html>"
    )


def _table_row(plan: Plan, position: int) -> str:
    step = plan.steps[position]
    planned = plan.step_definition(step)
    action = ", ".join((describe_action(planned.definition), *start_conditions(plan, planned.definition)))
    if planned.definition.point_of_no_return:
        action += f", {POINT_OF_NO_RETURN}"
    return (
        f"<tr><td>{position + 1}</td><td>{escape(planned.name)}</td><td><code>{escape(step.id)}</code></td>"
        f"<td>{escape(describe_predecessors(step))}</td><td>{escape(action)}</td></tr>\n"
    )


def _compute_layout(plan: Plan) -> _Layout:
    """A step's column is its layer. Lanes go from top to bottom; steps of one lane and column are stacked."""
    column = topological_layers(plan)
    lanes: list[tuple[PlanSwimlane, float, float]] = []
    box_origins: dict[int, _Point] = {}
    top: float = HEADER_HEIGHT
    for lane in plan_swimlanes(plan):
        filled: dict[int, int] = defaultdict(int)
        for position in lane.steps:
            row = filled[column[position]]
            filled[column[position]] += 1
            box_origins[position] = _Point(
                LANE_TITLE_WIDTH + MARGIN + column[position] * COLUMN_PITCH, top + LANE_PADDING + row * ROW_PITCH
            )
        height = 2 * LANE_PADDING + max(filled.values()) * ROW_PITCH - (ROW_PITCH - BOX_HEIGHT)
        lanes.append((lane, top, height))
        top += height
    width = LANE_TITLE_WIDTH + 2 * MARGIN + (max(column, default=0) + 1) * COLUMN_PITCH - (COLUMN_PITCH - BOX_WIDTH)
    return _Layout(lanes, box_origins, width, top + MARGIN)


def _swimlane_svg(lane: PlanSwimlane, number: int, top: float, height: float, width: float) -> str:
    other = " other" if number % 2 else ""
    middle = top + height / 2
    lines = _wrap_text(lane.title, MAX_LINE_CHARS)
    texts = "".join(
        f'<text x="{MARGIN}" y="{middle + 5 + 16 * (index - (len(lines) - 1) / 2):g}" font-size="13" '
        f'font-weight="600">{escape(line)}</text>'
        for index, line in enumerate(lines)
    )
    return (
        f'<rect class="lane{other}" x="0" y="{top:g}" width="{width:g}" height="{height:g}"/>'
        f'<line class="rule" x1="0" x2="{width:g}" y1="{top:g}" y2="{top:g}"/>{texts}'
    )


def _arrow_svg(start: _Point, end: _Point) -> str:
    x1, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    x2, y2 = end.x - 2, end.y + BOX_HEIGHT / 2
    bend = max((x2 - x1) / 2, 24) if x2 - x1 < COLUMN_PITCH else 44
    return (
        f'<path class="arrow" marker-end="url(#head)" d="M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} '
        f'{x2:g} {y2:g}"/>'
    )


def _step_box_svg(plan: Plan, position: int, origin: _Point) -> str:
    step = plan.steps[position]
    planned = plan.step_definition(step)
    definition = planned.definition
    classes = ["step", str(definition.kind)]
    classes += ["final"] if definition.point_of_no_return else []
    classes += ["conditional"] if definition.when not in (None, "true") else []
    tooltip = "\n".join(
        (step.id, f"{describe_action(definition)}, {describe_predecessors(step)}", *start_conditions(plan, definition))
    )
    if definition.point_of_no_return:
        tooltip += f"\n{POINT_OF_NO_RETURN}"
    number = f'<tspan class="faint">{position + 1}</tspan> '
    name = _wrap_text(planned.name, MAX_LINE_CHARS - 3)
    first, second = (
        name[0],
        (name[1] if len(name) == 2 else name[1] + "…" if len(name) > 2 else _truncate(describe_action(definition))),
    )
    smaller = ' class="faint" font-size="11"' if len(name) == 1 else ' font-size="12"'
    return (
        f'<g class="{" ".join(classes)}"><title>{escape(tooltip)}</title>'
        f'<rect class="box" x="{origin.x:g}" y="{origin.y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="7"/>'
        f'<text x="{origin.x + 10:g}" y="{origin.y + 20:g}" font-size="12">{number}{escape(first)}</text>'
        f'<text{smaller} x="{origin.x + 10:g}" y="{origin.y + 36:g}">{escape(second)}</text></g>'
    )


def _truncate(text: str) -> str:
    return text if len(text) <= MAX_LINE_CHARS + 2 else text[: MAX_LINE_CHARS + 1] + "…"


def _wrap_text(text: str, max_chars: int) -> list[str]:
    """Lines of at most `max_chars`, broken between words where possible."""
    lines: list[str] = [""]
    for word in text.split() or [text]:
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= max_chars or not lines[-1]:
            lines[-1] = joined[:max_chars]
        else:
            lines.append(word[:max_chars])
    return lines
