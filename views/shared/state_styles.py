"""One character and one colour for each state, the same wherever an order is shown."""

from __future__ import annotations

from typing import NamedTuple

from workflows.contract.states import Jeopardy, OrderState, StepState


class StateMark(NamedTuple):
    symbol: str
    ascii: str
    style: str
    """A rich style."""

    def glyph(self, ascii_only: bool) -> str:
        return self.ascii if ascii_only else self.symbol


STEP_MARKS: dict[StepState, StateMark] = {
    StepState.PENDING: StateMark("○", ".", "bright_black"),
    StepState.SCHEDULED: StateMark("◷", "@", "blue"),
    StepState.READY: StateMark("◌", ":", "cyan"),
    StepState.IN_PROGRESS: StateMark("●", "*", "bold cyan"),
    StepState.FAILED: StateMark("↻", "~", "yellow"),
    StepState.FATALLY_FAILED: StateMark("✖", "X", "bold red"),
    StepState.ON_HOLD: StateMark("‖", "=", "magenta"),
    StepState.COMPLETED: StateMark("✔", "+", "green"),
    StepState.SKIPPED: StateMark("–", "-", "bright_black"),
    StepState.FAILED_ACCEPTED: StateMark("!", "!", "yellow"),
    StepState.DISCARDED: StateMark("×", "x", "bright_black"),
    StepState.CANCELLED: StateMark("↶", "<", "magenta"),
    StepState.AMENDED: StateMark("⟲", "%", "magenta"),
}

ORDER_STYLES: dict[OrderState, str] = {
    OrderState.ACKNOWLEDGED: "blue",
    OrderState.REJECTED: "bold red",
    OrderState.PENDING: "blue",
    OrderState.HELD: "magenta",
    OrderState.IN_PROGRESS: "cyan",
    OrderState.ASSESSING_CANCELLATION: "magenta",
    OrderState.PENDING_CANCELLATION: "magenta",
    OrderState.CANCELLED: "magenta",
    OrderState.COMPLETED: "green",
    OrderState.PARTIAL: "yellow",
    OrderState.FAILED: "bold red",
}

JEOPARDY_STYLES: dict[Jeopardy, str] = {
    Jeopardy.ON_TRACK: "green",
    Jeopardy.AT_RISK: "yellow",
    Jeopardy.LATE: "bold red",
}
