"""A picture as an SVG file: complete in itself, without scripts; it follows the viewer's light or dark mode."""

from __future__ import annotations

from importlib.resources import files

from views.plan.drawing.chart import EDGE, TITLE_WIDTH, chart, chart_size, definitions, lane_titles
from views.plan.drawing.markup import element, write_xml
from views.plan.picture.model import Picture

HEADER_HEIGHT = 66


def chart_stylesheet() -> str:
    return files("views.plan.drawing").joinpath("chart.css").read_text(encoding="utf-8")


def render_svg(picture: Picture) -> str:
    chart_width, height = chart_size(picture)
    width, total = TITLE_WIDTH + chart_width, HEADER_HEIGHT + height + EDGE
    expected = next((f"expected duration {text}" for label, text in picture.facts if label == "Expected duration"), "")
    root = element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "class": "plan", "viewBox": f"0 0 {width:g} {total:g}"}
        | {"width": width, "height": total, "role": "img"},
        element("title", None, f"{picture.title}: {picture.subtitle}"),
        element("style", None, chart_stylesheet()),
        definitions(),
        element("rect", {"class": "paper", "width": width, "height": total}),
        element("text", {"class": "headline", "x": EDGE, "y": 30}, picture.title),
        element("text", {"class": "faint", "x": EDGE, "y": 51}, ", ".join(filter(None, (picture.subtitle, expected)))),
        element(
            "g",
            {"transform": f"translate(0 {HEADER_HEIGHT})"},
            *lane_titles(picture),
            element("g", {"transform": f"translate({TITLE_WIDTH} 0)"}, *chart(picture, on_page=False)),
        ),
    )
    return write_xml(root)
