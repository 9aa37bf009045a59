"""A picture as one HTML page that works offline and without scripts. Scripts add search and details on focus."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from xml.etree.ElementTree import Element

from views.plan.drawing.figure import drawing, sign, tools
from views.plan.drawing.markup import element, with_code, write_html
from views.plan.drawing.page_lines import became_section
from views.plan.drawing.svg import chart_stylesheet
from views.plan.picture.model import Facts, Matrix, Picture, PictureBox


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
    heading = element("h2", None, "Steps")
    return element("section", {"class": "chart"}, heading, tools(picture), drawing(picture))


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
    count = f" ×{box.count}" if box.count > 1 else f" {box.numbers}"
    heading = element("h3", None, sign(box.kind), box.name, element("small", None, count))
    return element("article", {"id": f"step-{number}"}, heading, _facts(box.facts, "facts"))
