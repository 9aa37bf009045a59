"""The formats that a picture can be drawn in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.plan.drawing.page import render_page
from views.plan.drawing.svg import render_svg
from views.plan.picture.model import Picture

RENDERERS: Mapping[str, Callable[[Picture], str]] = {"svg": render_svg, "html": render_page}


def render_picture(picture: Picture, diagram_format: str) -> str:
    """`diagram_format`: a key of RENDERERS."""
    return RENDERERS[diagram_format](picture)
