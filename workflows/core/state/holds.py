"""What of an order is held: by whom, why, and which steps that concerns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hold:
    scope: str
    """`order`, `line <id>` or `step <id>`."""
    by: str
    reason: str
    at: float


@dataclass(slots=True)
class Holds:
    """`workflows.core.execution.hold` works with it."""

    by_scope: dict[str, Hold] = field(default_factory=dict)
    """By scope, in the order in which they were made."""
    held_steps: dict[int, str] = field(default_factory=dict)
    """Position of each step that is held → the scope of the first hold that concerns it."""
    held_lines: dict[int, None] = field(default_factory=dict)
    """Lines that are held, as workflows.core.state.line_tree numbers them."""

    @property
    def is_order_held(self) -> bool:
        return "order" in self.by_scope

    def hold_for_step(self, position: int) -> Hold | None:
        """The hold that concerns a step."""
        scope = self.held_steps.get(position)
        return None if scope is None else self.by_scope[scope]
