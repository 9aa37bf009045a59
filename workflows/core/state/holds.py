"""What is on hold in an order, who holds it, why, and which steps this concerns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hold:
    scope: str
    """`order`, `line <id>` or `step <id>`."""
    by: str
    reason: str
    at: float

    @property
    def description(self) -> str:
        """What a held step waits for, in words for people."""
        return f"{self.scope} to be resumed, held by {self.by}" + (f": {self.reason}" if self.reason else "")


@dataclass(slots=True)
class Holds:
    """`workflows.core.execution.hold` maintains it."""

    by_scope: dict[str, Hold] = field(default_factory=dict)
    """The holds, oldest first."""
    held_steps: dict[int, str] = field(default_factory=dict)
    """Position of each held step → the scope of the oldest hold that concerns it."""
    held_lines: dict[int, None] = field(default_factory=dict)
    """Held lines, as workflows.core.lines.line_tree numbers them."""

    @property
    def is_order_held(self) -> bool:
        return "order" in self.by_scope

    def hold_for_step(self, position: int) -> Hold | None:
        """The oldest hold that concerns the step."""
        scope = self.held_steps.get(position)
        return None if scope is None else self.by_scope[scope]
