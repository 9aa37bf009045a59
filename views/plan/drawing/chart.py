"""The swimlanes of a picture as SVG elements: lanes, arrows, boxes, and the overlays of undo, rework and failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from views.plan.drawing.glyphs import glyph, glyph_symbols
from views.plan.drawing.markup import element
from views.plan.drawing.text_fit import cut, wrap
from views.plan.layout.model import BoxPosition, Route
from views.plan.picture.model import PLACE_LABEL, Picture, PictureBox, PictureLane

TITLE_WIDTH = 190
EDGE = 16
"""Beside and around the drawing."""
CORNER = 6
"""The radius of the corners of arrows and boxes."""
NAME_SIZE, SMALL_SIZE, PILL_SIZE = 12.5, 11, 9.5
STACK_SHIFT = 4
"""How far the second sheet of a box that stands for several steps is moved."""
FAILURE_WIDTH = 204


def lane_titles(picture: Picture) -> Iterator[Element]:
    """The titles at the left, as wide as TITLE_WIDTH."""
    for at, position in enumerate(picture.layout.lanes):
        lane = picture.lanes[position.lane]
        yield element(
            "g",
            {"class": "title", "id": f"lane-{position.lane + 1}"},
            _band(at, position.y, position.height, TITLE_WIDTH),
            *_title_texts(lane, position.y + position.height / 2),
        )
    yield from _group_borders(picture, TITLE_WIDTH)


def _group_borders(picture: Picture, width: float) -> Iterator[Element]:
    """A line between lanes of different groups."""
    for upper, lower in pairwise(picture.layout.lanes):
        if picture.lanes[upper.lane].group != picture.lanes[lower.lane].group:
            yield element("line", {"class": "border", "x1": 0, "x2": width, "y1": lower.y, "y2": lower.y})


def _band(at: int, y: float, height: float, width: float) -> Element:
    attributes = {"class": "lane other" if at % 2 else "lane"}
    return element("rect", attributes | {"x": 0, "y": y, "width": width, "height": height})


def _title_texts(lane: PictureLane, middle: float) -> Iterator[Element]:
    count = f" ×{lane.count}" if lane.count > 1 else ""
    lines = wrap(lane.title + count, TITLE_WIDTH - EDGE - 10, 14, 2)
    subtitle = cut(lane.subtitle, TITLE_WIDTH - EDGE - 10, SMALL_SIZE) if lane.subtitle else ""
    y = middle + 5 - 8 * (len(lines) - 1) - (8 if subtitle else 0)
    for line in lines:
        yield element("text", {"class": "lane-name", "x": EDGE, "y": y}, line)
        y += 16
    if subtitle:
        whole = element("title", None, lane.subtitle)
        yield element("text", {"class": "small faint", "x": EDGE, "y": y}, whole, subtitle)


def chart(picture: Picture, *, on_page: bool) -> Iterator[Element]:
    """The lanes with everything in them. `on_page`: boxes are links to `#step-N`, the description of their step, and
    there are overlays, which the page switches on."""
    layout = picture.layout
    width = layout.width + 2 * EDGE + (FAILURE_WIDTH - layout.metrics.box_width)
    for at, lane in enumerate(layout.lanes):
        yield _band(at, lane.y, lane.height, width)
    yield from _group_borders(picture, width)
    plain = [one for one in layout.routes if (one.source, one.target) not in picture.critical_edges]
    critical = [one for one in layout.routes if (one.source, one.target) in picture.critical_edges]
    yield element("g", {"class": "arrows"}, *(_arrow(route, "arrow") for route in plain))
    yield element("g", {"class": "arrows"}, *(_arrow(route, "arrow critical") for route in critical))
    yield element("g", {"class": "boxes"}, *(_box(picture, at, is_link=on_page) for at in range(len(picture.boxes))))
    if on_page:
        yield from _overlays(picture)


def _overlays(picture: Picture) -> Iterator[Element]:
    yield element("g", {"class": "overlay failures"}, *_failures(picture))
    yield element("g", {"class": "overlay rework"}, *_rework_arcs(picture))
    yield element("g", {"class": "overlay undo"}, *_undo_badges(picture))


def chart_size(picture: Picture) -> tuple[float, float]:
    layout = picture.layout
    return layout.width + 2 * EDGE + (FAILURE_WIDTH - layout.metrics.box_width), layout.height


def definitions() -> Element:
    """The arrow heads and the signs of kinds."""
    heads = [
        element(
            "marker",
            {"id": f"head-{name}", "class": f"head {name}", "viewBox": "0 0 8 8", "refX": 7, "refY": 4}
            | {"markerWidth": 8, "markerHeight": 8, "markerUnits": "userSpaceOnUse", "orient": "auto"},
            element("path", {"d": "M0 .5L8 4L0 7.500z"}),
        )
        for name in ("plain", "critical", "rework", "active")
    ]
    return element("defs", None, *heads, *glyph_symbols())


def _arrow(route: Route, classes: str) -> Element:
    return element(
        "path",
        {"class": classes, "data-from": route.source + 1, "data-to": route.target + 1, "d": rounded(route.points)},
    )


def rounded(points: Sequence[tuple[float, float]]) -> str:
    """A path along the points with rounded corners, moved by EDGE to the right."""
    moved = [(x + EDGE, y) for x, y in points]
    parts = [f"M{_n(moved[0][0])} {_n(moved[0][1])}"]
    for before, corner, after in zip(moved, moved[1:], moved[2:], strict=False):
        radius = min(CORNER, _distance(before, corner) / 2, _distance(corner, after) / 2)
        into, out = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{_n(into[0])} {_n(into[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(out[0])} {_n(out[1])}")
    parts.append(f"L{_n(moved[-1][0] - 1)} {_n(moved[-1][1])}")
    return "".join(parts)


def _n(value: float) -> str:
    return f"{round(value, 1):g}"


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[float, float], end: tuple[float, float], length: float) -> tuple[float, float]:
    whole = _distance(start, end) or 1.0
    share = length / whole
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _box(picture: Picture, at: int, *, is_link: bool) -> Element:
    box, position = picture.boxes[at], picture.layout.boxes[at]
    width, height = picture.layout.metrics.box_width, picture.layout.metrics.box_height
    x, y = position.x + EDGE, position.y
    body = [*_sheets(box, x, y, width, height), *_box_texts(box, x, y, width)]
    classes = f"step {box.kind} " + " ".join(name for name, holds in _flags(box) if holds)
    attributes = {"class": classes.strip(), "data-step": at + 1}
    if not is_link:
        return element("g", attributes, element("title", None, tooltip(box)), *body)
    label = ", ".join(filter(None, (f"{box.numbers} {box.name}".strip(), box.action, box.duration)))
    return element("a", attributes | {"href": f"#step-{at + 1}", "aria-label": label}, *body)


def _flags(box: PictureBox) -> Iterator[tuple[str, bool]]:
    yield "final", box.is_final
    yield "conditional", box.is_conditional
    yield "skipped", box.is_skipped
    yield "critical", box.is_critical
    yield "undoable", bool(box.undo)


def tooltip(box: PictureBox) -> str:
    """Without the place of its definition, which changes with every line that is added above it."""
    return "\n".join([box.name, *(f"{label}: {text}" for label, text in box.facts if label != PLACE_LABEL)])


def _sheets(box: PictureBox, x: float, y: float, width: float, height: float) -> Iterator[Element]:
    size = {"width": width, "height": height, "rx": CORNER}
    if box.count > 1:
        yield element("rect", {"class": "sheet", "x": x + STACK_SHIFT, "y": y + STACK_SHIFT} | size)
    yield element("rect", {"class": "box", "x": x, "y": y} | size)
    stripe = f"M{_n(x + CORNER)} {_n(y)}h-0a6 6 0 0 0-6 6v{_n(height - 12)}a6 6 0 0 0 6 6z"
    yield element("path", {"class": "stripe", "d": stripe})
    if box.is_final:
        right = f"M{_n(x + width - CORNER)} {_n(y)}a6 6 0 0 1 6 6v{_n(height - 12)}a6 6 0 0 1-6 6z"
        yield element("path", {"class": "stop", "d": right})


def _box_texts(box: PictureBox, x: float, y: float, width: float) -> Iterator[Element]:
    left, right = x + 32, x + width - 10
    count = f"×{box.count}" if box.count > 1 else box.numbers
    yield glyph(box.kind, x + 12, y + 9)
    yield element("text", {"class": "small faint end", "x": right, "y": y + 20}, count)
    room = right - left
    lines = wrap(box.name, room - 8 - 7 * len(count), NAME_SIZE, 2)
    if len(lines) == 2:
        lines = wrap(box.name, room - 6 - 6.5 * max(len(count), len(box.duration)), NAME_SIZE, 2)
    for at, line in enumerate(lines):
        yield element("text", {"class": "name", "x": left, "y": y + 20 + 17 * at}, line)
    if box.duration:
        yield element("text", {"class": "small faint end", "x": right, "y": y + 38}, box.duration)
    if len(lines) == 1:
        action = cut(box.action, room - 6.5 * len(box.duration) - (6 if box.duration else 0), SMALL_SIZE)
        yield element("text", {"class": "small faint", "x": left, "y": y + 38}, action)


def _failures(picture: Picture) -> Iterator[Element]:
    """Below each box, what happens when it fails."""
    height = picture.layout.metrics.box_height
    for box, position in zip(picture.boxes, picture.layout.boxes, strict=True):
        if box.failures:
            text = cut(" · ".join(box.failures), FAILURE_WIDTH, PILL_SIZE)
            whole = element("title", None, "\n".join(box.failures))
            x, y = position.x + EDGE + 4, position.y + height + 11
            yield element("text", {"class": "pill", "x": x, "y": y}, whole, text)


def _undo_badges(picture: Picture) -> Iterator[Element]:
    """On the upper edge of each box that can be undone, its place in the order of undoing."""
    for box, position in zip(picture.boxes, picture.layout.boxes, strict=True):
        if box.undo_rank:
            x, y = position.x + EDGE + picture.layout.metrics.box_width - 38, position.y - 9
            yield element(
                "g",
                {"class": "badge"},
                element("title", None, f"undo {box.undo_rank}: {box.undo}"),
                element("rect", {"x": x, "y": y, "width": 32, "height": 17, "rx": 8}),
                element("text", {"x": x + 16, "y": y + 12.5}, f"↶ {box.undo_rank}"),
            )


def _rework_arcs(picture: Picture) -> Iterator[Element]:
    width = picture.layout.metrics.box_width
    for source, target in picture.rework_arcs:
        path = _arc_path(picture.layout.boxes[source], picture.layout.boxes[target], width)
        yield element("path", {"class": "arc", "data-from": source + 1, "data-to": target + 1, "d": path})


def _arc_path(start: BoxPosition, end: BoxPosition, width: float) -> str:
    """A curve from the top of one box to that of another; a loop if it is the same box."""
    first, last = start.x + EDGE + width * 0.42, end.x + EDGE + width * 0.58
    if start == end:
        first, last = start.x + EDGE + width * 0.75, start.x + EDGE + width * 0.5
    y1, y2 = start.y, end.y - 2
    return f"M{_n(first)} {_n(y1)}C{_n(first)} {_n(y1 - 26)} {_n(last)} {_n(y2 - 26)} {_n(last)} {_n(y2)}"
