"""The positions of a picture. Lengths are in pixels at a scale of 1; x goes to the right, y downwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Metrics:
    """The sizes that positions are computed from."""

    box_width: float = 182
    box_height: float = 50
    column_gap: float = 36
    """Between two columns of boxes, at least."""
    row_gap: float = 18
    """Between two rows of boxes of one lane, at least."""
    lane_padding: float = 14
    """Above the first and below the last row of a lane, at least."""
    track: float = 7
    """Between two lines that run side by side."""


@dataclass(frozen=True, slots=True)
class BoxPosition:
    """The box of a step, or of equal steps of several lanes. Its place in `PlanLayout.boxes` is its number."""

    lane: int
    """The lane's number."""
    column: int
    row: int
    """The row in the picture. Each row belongs to one lane."""
    x: float
    y: float
    """Of the top left corner."""


@dataclass(frozen=True, slots=True)
class LanePosition:
    lane: int
    """The lane's number."""
    y: float
    height: float
    rows: int


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow from the box `source` to the box `target`, which waits for it."""

    source: int
    target: int
    points: tuple[tuple[float, float], ...]
    """The corners, from the right side of the source to the left side of the target. All parts are straight,
    horizontal or vertical."""


@dataclass(frozen=True, slots=True)
class PlanLayout:
    boxes: tuple[BoxPosition, ...]
    lanes: tuple[LanePosition, ...]
    """From top to bottom."""
    routes: tuple[Route, ...]
    """Without arrows that a longer path implies."""
    width: float
    height: float
    metrics: Metrics


def layout_to_json(layout: PlanLayout) -> dict[str, Any]:
    """The positions as plain data for json.dumps."""
    return asdict(layout)
