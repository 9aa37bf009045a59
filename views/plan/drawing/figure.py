"""The swimlanes of a picture as a part of a page: what may be switched on, the legend, and the drawing.

The page brings the style sheet. Without scripts, each box leads to `#step-N`.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

from compiler.language.steps import StepKind
from views.plan.drawing.chart import TITLE_WIDTH, chart, chart_size, definitions, lane_titles
from views.plan.drawing.glyphs import KIND_NAMES, glyph
from views.plan.drawing.markup import element
from views.plan.picture.model import Picture

TOGGLES = (
    ("critical", "Critical path", True),
    ("undo", "Undo", False),
    ("rework", "Rework", False),
    ("failures", "Failures", False),
    ("small", "Zoom out", False),
)
"""Id, label, and whether it is shown at first. Style sheets do the rest, so they work without scripts."""


def figure_markup(picture: Picture) -> str:
    """HTML, to be put into a page."""
    parts = (tools(picture, with_search=False), drawing(picture))
    return "".join(tostring(part, encoding="unicode", method="html") for part in parts)


def step_sign(kind: StepKind) -> str:
    """The sign of a kind of step as HTML, on a page that has a figure."""
    return tostring(sign(kind), encoding="unicode", method="html")


def drawing(picture: Picture) -> Element:
    width, height = chart_size(picture)
    titles = element(
        "svg", {"class": "titles", "width": TITLE_WIDTH, "height": height, "aria-hidden": "true"}, *lane_titles(picture)
    )
    lanes = element(
        "svg",
        {
            "class": "lanes",
            "width": width,
            "height": height,
            "role": "group",
            "aria-label": "The steps and their order",
        },
        definitions(),
        *chart(picture, on_page=True),
    )
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Plan"}, titles, lanes)


def tools(picture: Picture, *, with_search: bool = True) -> Element:
    """`with_search`: for a page whose script shows the field and searches."""
    available = {
        "critical": bool(picture.critical_edges),
        "undo": any(box.undo for box in picture.boxes),
        "rework": bool(picture.rework_arcs),
        "failures": any(box.failures for box in picture.boxes),
        "small": True,
    }
    return element(
        "div",
        {"class": "tools"},
        *(_toggle(name, label, is_on=is_on) for name, label, is_on in TOGGLES if available[name]),
        _search() if with_search else None,
        element("ul", {"class": "legend"}, *_legend(picture)),
    )


def _search() -> Element:
    return element(
        "label",
        {"class": "search", "hidden": ""},
        element("input", {"type": "search", "id": "search", "placeholder": "Search steps ( / )"}),
        element("output", {"id": "found"}),
    )


def _toggle(name: str, label: str, *, is_on: bool) -> Element:
    checked = {"checked": ""} if is_on else {}
    return element(
        "label",
        {"class": f"toggle {name}"},
        element("input", {"type": "checkbox", "id": f"show-{name}", "autocomplete": "off"} | checked),
        label,
    )


def _legend(picture: Picture) -> Iterator[Element]:
    kinds = {box.kind for box in picture.boxes}
    for kind in StepKind:
        if kind in kinds:
            yield element("li", None, sign(kind), KIND_NAMES[kind])
    marks = (
        ("dashed", "may be skipped", any(box.is_conditional for box in picture.boxes)),
        ("stopped", "point of no return", any(box.is_final for box in picture.boxes)),
    )
    for name, label, is_there in marks:
        if is_there:
            yield element("li", None, element("span", {"class": f"sample {name}"}), label)


def sign(kind: StepKind) -> Element:
    return element("svg", {"width": 14, "height": 14, "class": f"step {kind}"}, glyph(kind, 0, 0))
