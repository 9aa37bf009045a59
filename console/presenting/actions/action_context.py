"""What the form of an action is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.language.attributes import Attribute
from console.presenting.forms.attribute_fields import parse_declarations
from workflows.contract.action_checks import ActionCheck, StepDetails
from workflows.contract.actions import ActionSpec
from workflows.contract.order_views import OrderView, StepView


@dataclass(frozen=True)
class ActionContext:
    """An action on an order, or on its `line` or `step`, as a person sees them now."""

    spec: ActionSpec
    order: OrderView
    step: StepView | None = None
    line: str | None = None
    details: StepDetails | None = None
    """None if no worker has answered."""
    check: ActionCheck | None = None
    """What the order would answer now. None if it was not asked."""
    people: Sequence[str] = ()
    """Known names, for an action that gives the step to somebody."""
    submitted: str = ""
    """The order as submitted or amended last, as YAML; for an action that takes a whole order."""

    @property
    def form(self) -> Mapping[str, Attribute]:
        """What the step's task, or the task that undoes it, asks for. Empty if it asks for nothing certain."""
        if self.step is None:
            return {}
        return parse_declarations((self.step.undo.form if self.step.undo else None) or self.step.form)

    @property
    def held_by(self) -> str | None:
        """Somebody else, who holds the step."""
        return self.check.held_by if self.check is not None else None


@dataclass(frozen=True)
class ReadForm:
    """What a person wants, read from what was typed."""

    values: Mapping[str, Any]
    """By parameter of the action."""
    problems: Mapping[str, list[str]]
    """Field → what is wrong with it."""
