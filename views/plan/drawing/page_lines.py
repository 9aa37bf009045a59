"""The part of the page that shows lines beside what they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from views.plan.drawing.markup import Child, element, with_code
from views.plan.picture.model import BecameLine, Picture, SourceLine

MAX_OPEN = 8
"""With more lines, the part is closed at first, so that the steps can be seen."""


def became_section(picture: Picture) -> Element:
    rows = [_source(source, picture.lane_of_line) for source in picture.sources]
    attributes = {"class": "became"} | ({"open": ""} if len(rows) <= MAX_OPEN else {})
    title = element("summary", None, element("h2", None, picture.became_heading))
    is_long = len(rows) > MAX_OPEN
    region = {"tabindex": "0", "role": "region", "aria-label": picture.became_heading} if is_long else {}
    body = element("div", {"class": "rows many" if is_long else "rows"} | region, *rows)
    return element("details", attributes, title, body)


def _source(source: SourceLine, lanes: Mapping[str, int]) -> Element:
    line = element(
        "div",
        {"class": f"line depth-{min(source.depth, 4)}"},
        element("h3", None, element("small", None, f"{source.id} " if source.id else ""), source.name),
        element("p", {"class": "values"}, source.facts),
    )
    applied = [_became(one, lanes) for one in source.became if one.state != "out"]
    left_out = [_became(one, lanes) for one in source.became if one.state == "out"]
    return element("div", {"class": "row"}, line, element("ul", {"class": "made"}, *applied, *left_out))


def _became(line: BecameLine, lanes: Mapping[str, int]) -> Element:
    children = [_became(child, lanes) for child in line.children]
    return element(
        "li",
        {"class": line.state},
        element("h4", None, line.name, None if line.state != "out" else element("small", None, " left out")),
        element("p", {"class": "ids"}, *_ids(line.ids, lanes)) if line.ids else None,
        element("p", {"class": "values"}, line.facts) if line.facts else None,
        element("p", {"class": "cause"}, *with_code(line.cause)),
        element("p", {"class": "place"}, line.place) if line.place else None,
        element("ul", {"class": "made"}, *children) if children else None,
    )


def _ids(ids: tuple[str, ...], lanes: Mapping[str, int]) -> Iterator[Child]:
    """The ids, each as a link to the lane that has its steps."""
    for at, id_ in enumerate(ids):
        yield ", " if at else None
        yield element("a", {"href": f"#lane-{lanes[id_] + 1}"}, id_) if id_ in lanes else id_
