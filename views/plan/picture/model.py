"""The parts of a picture. Texts are as people read them and not escaped; the drawing escapes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from compiler.language.steps import StepKind
from views.plan.layout.model import PlanLayout

PLACE_LABEL = "Defined in"
Facts = tuple[tuple[str, str], ...]
"""Label and text, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class PictureBox:
    """A step, or equal steps of several lanes."""

    numbers: str
    """`5`, or `12, 30, 48`; empty in the picture of an offer."""
    name: str
    kind: StepKind
    action: str
    """What it does: `call billing`."""
    duration: str
    """How long it usually takes; empty if that is not worth mentioning."""
    facts: Facts
    """All that is known of it."""
    count: int = 1
    """The number of steps."""
    is_final: bool = False
    """Whether it is a point of no return."""
    is_conditional: bool = False
    """Whether it may be skipped."""
    is_skipped: bool = False
    """Whether it is known now that it will be skipped."""
    is_critical: bool = False
    undo: str = ""
    """What undoes it; empty if nothing does."""
    undo_rank: int = 0
    """Steps with a lower number are undone first; 0 if nothing undoes it."""
    failures: tuple[str, ...] = ()
    """What happens if it fails: `customer_absent: again from Book a technician, at most 2 times`."""


@dataclass(frozen=True, slots=True)
class PictureLane:
    title: str
    subtitle: str = ""
    """The lines that it serves."""
    count: int = 1
    """The number of lanes of this shape."""
    group: int = 0
    """Lanes of one group serve the same order line."""


@dataclass(frozen=True, slots=True)
class BecameLine:
    """What a rule made of a line, or why it made nothing."""

    name: str
    """The product, with its quantity or the number of lines."""
    cause: str
    """The rule's condition with the values that decided."""
    place: str
    """`file:line` of the rule; empty if unknown."""
    state: Literal["in", "out", "perhaps"] = "in"
    """Whether the rule makes it; `perhaps` as long as no order decides."""
    ids: tuple[str, ...] = ()
    facts: str = ""
    """Its attributes, and the other lines that it comes from."""
    children: tuple[BecameLine, ...] = ()
    """What its own rules made."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """An order line, or an offer, beside what it becomes."""

    id: str
    name: str
    facts: str
    depth: int = 0
    """Levels below the top."""
    became: tuple[BecameLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """The steps of a bundle, one by one: lines by steps."""

    title: str
    columns: tuple[str, ...]
    """The names of the steps."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The lane's lines, and the number of each step."""


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    """`Order HS-1001`."""
    subtitle: str
    """`1 order line, 6 fulfilment lines, 14 steps`."""
    facts: Facts
    """What is said of the whole."""
    boxes: tuple[PictureBox, ...]
    lanes: tuple[PictureLane, ...]
    layout: PlanLayout
    critical_edges: frozenset[tuple[int, int]] = frozenset()
    rework_arcs: tuple[tuple[int, int], ...] = ()
    """From a step that fails to the step from which the work is done again."""
    sources: tuple[SourceLine, ...] = ()
    became_heading: str = "What the lines become"
    matrices: tuple[Matrix, ...] = ()
    lane_of_line: Mapping[str, int] = field(default_factory=dict)
    """Line id → the number of the lane with its steps; its own workstream if it has one."""
