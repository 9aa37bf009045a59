"""A plan as a drawing: a swimlane for each workstream, steps from left to right in the order in which they can run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from html import escape

from compiler.plan.plan import Plan
from views.plan.graph import direct_arrows, layers
from views.plan.step_text import POINT_OF_NO_RETURN, after, conditions, does
from views.plan.swimlanes import PlanLane, plan_lanes
from views.shared.value_format import counted

BOX_WIDTH, BOX_HEIGHT = 184, 46
COLUMN, ROW = BOX_WIDTH + 56, BOX_HEIGHT + 16
LEFT, TOP, MARGIN = 190, 64, 20
LANE_PADDING = 12
LETTERS = 25
"""That fit into a box on one line."""

STYLE = """
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
class _Spot:
    x: float
    y: float


@dataclass(frozen=True)
class _Laid:
    """Where everything is."""

    lanes: list[tuple[PlanLane, float, float]]
    """Lane, top, height."""
    spots: dict[int, _Spot]
    """Top left corner of each step's box."""
    width: float
    height: float


def svg(plan: Plan) -> str:
    """A drawing that stands on its own: no script, nothing fetched; follows the reader's light or dark setting."""
    laid = _layout(plan)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plan" viewBox="0 0 {laid.width:g} {laid.height:g}" '
        f'width="{laid.width:g}" height="{laid.height:g}" role="img">',
        f"<title>Plan of order {escape(plan.order.id)}</title><style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        f'<rect class="paper" width="{laid.width:g}" height="{laid.height:g}"/>',
        f'<text x="{MARGIN}" y="28" font-size="17" font-weight="600">Order {escape(plan.order.id)}</text>',
        f'<text class="faint" x="{MARGIN}" y="48" font-size="12">{_subtitle(plan)}</text>',
        *(_lane(lane, at, top, height, laid.width) for at, (lane, top, height) in enumerate(laid.lanes)),
        *(_arrow(laid.spots[earlier], laid.spots[later]) for earlier, later in direct_arrows(plan)),
        *(_box(plan, position, spot) for position, spot in laid.spots.items()),
        "</svg>",
    ]
    return "\n".join(parts)


def page(plan: Plan) -> str:
    """The drawing as a page, with what each step does and waits for in a table below it."""
    rows = "".join(_table_row(plan, position) for position in range(len(plan.steps)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Plan of order {escape(plan.order.id)}</title>"
        "<style>body{margin:0;font:14px/1.5 system-ui,sans-serif;color-scheme:light dark}.scroll{overflow-x:auto}"
        "table{border-collapse:collapse;margin:20px}td,th{text-align:left;padding:3px 14px 3px 0;vertical-align:top}"
        "code{font-size:12px}</style></head>\n"
        f'<body><div class="scroll">{svg(plan)}</div>\n<table><tr><th>No.</th><th>Step</th><th>Id</th><th>Waits</th>'
        f"<th>Does</th></tr>{rows}</table></body></html>"
    )


def _table_row(plan: Plan, position: int) -> str:
    step = plan.steps[position]
    planned = plan.definition_of(step)
    said = ", ".join((does(planned.definition), *conditions(plan, planned.definition)))
    if planned.definition.point_of_no_return:
        said += f", {POINT_OF_NO_RETURN}"
    return (
        f"<tr><td>{position + 1}</td><td>{escape(planned.name)}</td><td><code>{escape(step.id)}</code></td>"
        f"<td>{escape(after(step))}</td><td>{escape(said)}</td></tr>\n"
    )


def _subtitle(plan: Plan) -> str:
    sizes = (
        counted(len(plan.order_lines), "order line"),
        counted(len(plan.lines), "fulfilment line"),
        counted(len(plan.steps), "step"),
    )
    return f"{', '.join(sizes)}, catalogue {escape(plan.catalogue_version[:19])}"


def _layout(plan: Plan) -> _Laid:
    """Columns by how many steps come before; lanes from top to bottom; steps of one lane and column share a heap."""
    column = layers(plan)
    lanes: list[tuple[PlanLane, float, float]] = []
    spots: dict[int, _Spot] = {}
    top: float = TOP
    for lane in plan_lanes(plan):
        filled: dict[int, int] = defaultdict(int)
        for position in lane.steps:
            row = filled[column[position]]
            filled[column[position]] += 1
            spots[position] = _Spot(LEFT + MARGIN + column[position] * COLUMN, top + LANE_PADDING + row * ROW)
        height = 2 * LANE_PADDING + max(filled.values()) * ROW - (ROW - BOX_HEIGHT)
        lanes.append((lane, top, height))
        top += height
    width = LEFT + 2 * MARGIN + (max(column, default=0) + 1) * COLUMN - (COLUMN - BOX_WIDTH)
    return _Laid(lanes, spots, width, top + MARGIN)


def _lane(lane: PlanLane, at: int, top: float, height: float, width: float) -> str:
    other = " other" if at % 2 else ""
    middle = top + height / 2
    lines = _broken(lane.title, LETTERS)
    texts = "".join(
        f'<text x="{MARGIN}" y="{middle + 5 + 16 * (index - (len(lines) - 1) / 2):g}" font-size="13" '
        f'font-weight="600">{escape(line)}</text>'
        for index, line in enumerate(lines)
    )
    return (
        f'<rect class="lane{other}" x="0" y="{top:g}" width="{width:g}" height="{height:g}"/>'
        f'<line class="rule" x1="0" x2="{width:g}" y1="{top:g}" y2="{top:g}"/>{texts}'
    )


def _arrow(start: _Spot, end: _Spot) -> str:
    x1, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2
    x2, y2 = end.x - 2, end.y + BOX_HEIGHT / 2
    bend = max((x2 - x1) / 2, 24) if x2 - x1 < COLUMN else 44
    return (
        f'<path class="arrow" marker-end="url(#head)" d="M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} '
        f'{x2:g} {y2:g}"/>'
    )


def _box(plan: Plan, position: int, spot: _Spot) -> str:
    step = plan.steps[position]
    planned = plan.definition_of(step)
    definition = planned.definition
    classes = ["step", str(definition.kind)]
    classes += ["final"] if definition.point_of_no_return else []
    classes += ["conditional"] if definition.when not in (None, "true") else []
    said = "\n".join((step.id, f"{does(definition)}, {after(step)}", *conditions(plan, definition)))
    if definition.point_of_no_return:
        said += f"\n{POINT_OF_NO_RETURN}"
    number = f'<tspan class="faint">{position + 1}</tspan> '
    name = _broken(planned.name, LETTERS - 3)
    first, second = (
        name[0],
        (name[1] if len(name) == 2 else name[1] + "…" if len(name) > 2 else _short(does(definition))),
    )
    smaller = ' class="faint" font-size="11"' if len(name) == 1 else ' font-size="12"'
    return (
        f'<g class="{" ".join(classes)}"><title>{escape(said)}</title>'
        f'<rect class="box" x="{spot.x:g}" y="{spot.y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="7"/>'
        f'<text x="{spot.x + 10:g}" y="{spot.y + 20:g}" font-size="12">{number}{escape(first)}</text>'
        f'<text{smaller} x="{spot.x + 10:g}" y="{spot.y + 36:g}">{escape(second)}</text></g>'
    )


def _short(text: str) -> str:
    return text if len(text) <= LETTERS + 2 else text[: LETTERS + 1] + "…"


def _broken(text: str, letters: int) -> list[str]:
    """`text` in lines of at most so many letters, broken between words where it can be."""
    lines: list[str] = [""]
    for word in text.split() or [text]:
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= letters or not lines[-1]:
            lines[-1] = joined[:letters]
        else:
            lines.append(word[:letters])
    return lines
