"""A picture as one HTML page that works offline and without scripts. Scripts add search and details on focus."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from xml.etree.ElementTree import Element

from compiler.language.steps import StepKind
from views.plan.drawing.chart import TITLE_WIDTH, chart, chart_size, definitions, lane_titles
from views.plan.drawing.glyphs import KIND_NAMES, glyph
from views.plan.drawing.markup import element, with_code, write_html
from views.plan.drawing.page_lines import became_section
from views.plan.drawing.svg import chart_stylesheet
from views.plan.picture.model import Facts, Matrix, Picture, PictureBox

TOGGLES = (
    ("critical", "Critical path", True),
    ("undo", "Undo", False),
    ("rework", "Rework", False),
    ("failures", "Failures", False),
    ("small", "Zoom out", False),
)
"""Id, label, and whether it is shown at first. Style sheets do the rest, so they work without scripts."""


def render_page(picture: Picture) -> str:
    """The page. It loads nothing: its content security policy allows only its own style sheet and script."""
    style, script = chart_stylesheet() + _resource("page.css"), _resource("page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'"
    head = element(
        "head",
        None,
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", None, f"Plan: {picture.title}"),
        element("style", None, style),
    )
    body = element(
        "body",
        {"class": "plan"},
        element(
            "header",
            None,
            element("h1", None, picture.title),
            element("p", {"class": "faint"}, picture.subtitle),
            _facts(picture.facts, "summary"),
        ),
        became_section(picture),
        _chart_section(picture),
        *(_matrix(matrix) for matrix in picture.matrices),
        _steps_section(picture),
        element("aside", {"id": "panel", "hidden": "", "aria-live": "polite", "aria-label": "The step in detail"}),
        element("script", None, script),
    )
    return write_html(element("html", {"lang": "en"}, head, body))


def _resource(name: str) -> str:
    return files("views.plan.drawing").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _facts(facts: Facts, classes: str) -> Element:
    pairs = [
        element("div", None, element("dt", None, label), element("dd", None, *with_code(text))) for label, text in facts
    ]
    return element("dl", {"class": classes}, *pairs)


def _chart_section(picture: Picture) -> Element:
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
    return element(
        "section",
        {"class": "chart"},
        element("h2", None, "Steps"),
        _tools(picture),
        element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Plan"}, titles, lanes),
    )


def _tools(picture: Picture) -> Element:
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
        element(
            "label",
            {"class": "search", "hidden": ""},
            element("input", {"type": "search", "id": "search", "placeholder": "Search steps ( / )"}),
            element("output", {"id": "found"}),
        ),
        element("ul", {"class": "legend"}, *_legend(picture)),
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
            sign = element("svg", {"width": 14, "height": 14, "class": f"step {kind}"}, glyph(kind, 0, 0))
            yield element("li", None, sign, KIND_NAMES[kind])
    marks = (
        ("dashed", "may be skipped", any(box.is_conditional for box in picture.boxes)),
        ("stopped", "point of no return", any(box.is_final for box in picture.boxes)),
    )
    for name, label, is_there in marks:
        if is_there:
            yield element("li", None, element("span", {"class": f"sample {name}"}), label)


def _matrix(matrix: Matrix) -> Element:
    head = element("tr", None, element("th", None, "Line"), *(element("th", None, name) for name in matrix.columns))
    rows = [
        element("tr", None, element("th", None, line), *(element("td", None, number) for number in numbers))
        for line, numbers in matrix.rows
    ]
    table = element("table", None, element("thead", None, head), element("tbody", None, *rows))
    title = element("summary", None, element("h2", None, f"{matrix.title}: the number of each step"))
    region = element(
        "div", {"class": "scroll table", "tabindex": "0", "role": "region", "aria-label": matrix.title}, table
    )
    return element("details", {"class": "matrix"}, title, region)


def _steps_section(picture: Picture) -> Element:
    cards = [_card(at, box) for at, box in enumerate(picture.boxes, 1)]
    title = element("summary", None, element("h2", None, "Each step in detail"))
    return element("details", {"class": "cards", "open": ""}, title, element("div", {"class": "grid"}, *cards))


def _card(number: int, box: PictureBox) -> Element:
    sign = element("svg", {"width": 14, "height": 14, "class": f"step {box.kind}"}, glyph(box.kind, 0, 0))
    count = f" ×{box.count}" if box.count > 1 else f" {box.numbers}"
    heading = element("h3", None, sign, box.name, element("small", None, count))
    return element("article", {"id": f"step-{number}"}, heading, _facts(box.facts, "facts"))
