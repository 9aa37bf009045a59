"""Why something is in a plan or not: decisions that the compiler records for `plan --explain`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from compiler.cel.known_condition import ReadValue

DecisionSubject = Literal["component", "rule", "workstream", "step", "replacement"]


@dataclass(frozen=True, slots=True)
class RuleQuantity:
    expression: str
    value: int | float
    """With `for_each`: of all elements together."""
    values: tuple[ReadValue, ...]
    """What the expression reads."""


@dataclass(frozen=True, slots=True)
class PlanDecision:
    """One decision about `subject`. `name` is the id of its product, workstream or step."""

    subject: DecisionSubject
    line_id: str
    """The id of the line that it was decided for."""
    name: str
    applied: bool
    """Whether it made a line, or is in the plan. For a replacement: whether there is any."""
    reason: str
    result_ids: tuple[str, ...] = ()
    """Ids: the lines that a rule made, a step's instances, or the replacements of a missing predecessor."""
    waiting_step: str = ""
    """For a replacement, the id of the step that waits."""
    location: str = ""
    """`file:line:column` of the rule, workstream or step; empty if unknown."""
    values: tuple[ReadValue, ...] = ()
    """The values that decided its condition, or its `for_each`."""
    quantity: RuleQuantity | None = None
    """What a rule with a `quantity` computed."""


@dataclass(slots=True)
class DecisionLog:
    """Callers record decisions only if the log is enabled."""

    enabled: bool = False
    lines_only: bool = False
    """Only rules and components that have made lines. Much cheaper than everything."""
    decisions: list[PlanDecision] = field(default_factory=list)

    @property
    def has_steps(self) -> bool:
        """Whether decisions about workstreams and steps are recorded."""
        return self.enabled and not self.lines_only

    def record(self, decision: PlanDecision) -> None:
        self.decisions.append(decision)
