"""A sign for each kind of step, so that colour is not needed to tell them apart. Each is 14 by 14 pixels."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from compiler.language.steps import StepKind
from views.plan.drawing.markup import element

KIND_NAMES = {
    StepKind.CALL: "call to a system",
    StepKind.ACTIVITY: "activity",
    StepKind.MANUAL: "task for a person",
    StepKind.EVENT: "waits for an event",
    StepKind.WAIT: "timer or condition",
    StepKind.MILESTONE: "milestone",
}
GLYPH_PATHS = {
    StepKind.CALL: "M1 4.5h11L9 1.5M13 9.5H2l3 3",
    StepKind.ACTIVITY: "M4.5 3 1 7l3.5 4M9.5 3 13 7l-3.5 4",
    StepKind.MANUAL: "M7 1.2a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 1 1 0-5.4M1.8 13c0-3 2.2-4.6 5.2-4.6s5.2 1.600 5.2 4.6",
    StepKind.EVENT: "M8 1 2.500 8H7l-1 5 5.500-7H7z",
    StepKind.WAIT: "M7 1a6 6 0 1 1 0 12a6 6 0 1 1 0-12M7 3.500V7l2.500 2",
    StepKind.MILESTONE: "M7 1l6 6-6 6-6-6z",
}
"""As lines without a fill, in a box of 14 by 14."""


def glyph_symbols() -> list[Element]:
    """The definitions that `glyph` refers to."""
    return [
        element("symbol", {"id": f"k-{kind}", "viewBox": "0 0 14 14"}, element("path", {"d": path}))
        for kind, path in GLYPH_PATHS.items()
    ]


def glyph(kind: StepKind, x: float, y: float) -> Element:
    attributes = {"class": "glyph", "href": f"#k-{kind}", "x": x, "y": y}
    return element("use", attributes | {"width": 14, "height": 14})
