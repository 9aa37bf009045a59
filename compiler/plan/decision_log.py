"""Why things are in a plan or out of it, noted while the plan is made where somebody wants to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DecisionSubject = Literal["component", "rule", "workstream", "step", "replacement"]


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """One decision. `subject` tells what about: `name` is the product, workstream or step."""

    subject: DecisionSubject
    line_id: str
    """The id of the line at which it was decided."""
    name: str
    applied: bool
    """Whether it is in: made a line, entered, was planned; of a replacement: whether anything stands in."""
    reason: str
    result_ids: tuple[str, ...] = ()
    """Ids: the lines that a rule made, the instances of a step, what stands in for an absent predecessor."""
    waiting_step: str = ""
    """Of a replacement: the step that waits."""


@dataclass(slots=True)
class DecisionLog:
    """Notes reasons where `wanted`; costs nothing otherwise."""

    enabled: bool = False
    decisions: list[PlanDecision] = field(default_factory=list)

    def record(self, decision: PlanDecision) -> None:
        self.decisions.append(decision)
