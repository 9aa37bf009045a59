"""Why things are in a plan or out of it, noted while the plan is made where somebody wants to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Subject = Literal["component", "rule", "workstream", "step", "replacement"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One decision. `subject` tells what about: `name` is the product, workstream or step."""

    subject: Subject
    line: str
    """The id of the line at which it was decided."""
    name: str
    applied: bool
    """Whether it is in: made a line, entered, was planned; of a replacement: whether anything stands in."""
    why: str
    results: tuple[str, ...] = ()
    """Ids: the lines that a rule made, the instances of a step, what stands in for an absent predecessor."""
    waiting: str = ""
    """Of a replacement: the step that waits."""


@dataclass(slots=True)
class Reasons:
    """Notes reasons where `wanted`; costs nothing otherwise."""

    wanted: bool = False
    noted: list[Reason] = field(default_factory=list)

    def note(self, reason: Reason) -> None:
        self.noted.append(reason)
