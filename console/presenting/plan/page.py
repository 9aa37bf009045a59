"""What the template of the Plan tab gets: where its scripts read, and the signs that are explained below the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from compiler.language.steps import StepKind
from console.presenting.state_marks import Mark, step_mark
from views.plan.drawing.glyphs import GLYPH_PATHS, KIND_NAMES
from workflows.contract.states import StepState


@dataclass(frozen=True)
class PlanPage:
    order_url: str
    """`/orders/HS-1`"""
    state_marks: Mapping[StepState, Mark] = field(default_factory=lambda: {each: step_mark(each) for each in StepState})
    kind_paths: Mapping[StepKind, str] = field(default_factory=lambda: GLYPH_PATHS)
    kind_names: Mapping[StepKind, str] = field(default_factory=lambda: KIND_NAMES)

    @property
    def structure_url(self) -> str:
        return f"{self.order_url}/plan.json"

    @property
    def lanes_url(self) -> str:
        return f"{self.order_url}/plan.json?lanes=each"

    @property
    def states_url(self) -> str:
        return f"{self.order_url}/plan-states.json"

    @property
    def steps_url(self) -> str:
        """To which a step's number is added."""
        return f"{self.order_url}/steps/"

    @property
    def marks_json(self) -> Markup:
        """State → its sign and its word. All of it is our own text; `<` does not end the script element even so."""
        marks = {state.value: [mark.glyph, mark.word] for state, mark in self.state_marks.items()}
        return Markup(json.dumps(marks, ensure_ascii=False).replace("<", "\\u003c"))
