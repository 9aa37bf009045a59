"""How a state looks: one character and one colour each, the same in every picture of an order."""

from __future__ import annotations

from typing import NamedTuple

from workflows.contract.states import Jeopardy, OrderState, StepState


class Mark(NamedTuple):
    symbol: str
    ascii: str
    style: str
    """Of rich."""

    def shown(self, ascii_only: bool) -> str:
        return self.ascii if ascii_only else self.symbol


STEP_MARKS: dict[StepState, Mark] = {
    StepState.PENDING: Mark("○", ".", "bright_black"),
    StepState.SCHEDULED: Mark("◷", "@", "blue"),
    StepState.READY: Mark("◌", ":", "cyan"),
    StepState.IN_PROGRESS: Mark("●", "*", "bold cyan"),
    StepState.FAILED: Mark("↻", "~", "yellow"),
    StepState.FATALLY_FAILED: Mark("✖", "X", "bold red"),
    StepState.ON_HOLD: Mark("‖", "=", "magenta"),
    StepState.COMPLETED: Mark("✔", "+", "green"),
    StepState.SKIPPED: Mark("–", "-", "bright_black"),
    StepState.FAILED_ACCEPTED: Mark("!", "!", "yellow"),
    StepState.DISCARDED: Mark("×", "x", "bright_black"),
    StepState.CANCELLED: Mark("↶", "<", "magenta"),
    StepState.AMENDED: Mark("⟲", "%", "magenta"),
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
