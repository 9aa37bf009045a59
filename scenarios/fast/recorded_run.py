"""A running order whose changes of state are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.plan.plan import Plan
from workflows.contract.states import StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun, UndoRun


@dataclass(frozen=True, slots=True)
class Move:
    """A step, or its undo, has come into a state."""

    step: str
    before: StepState
    state: StepState
    undo: bool = False


class RecordedRun(OrderRun):
    def __init__(self, plan: Plan, now: float) -> None:
        self.moves: list[Move] = []
        super().__init__(plan, now)

    def take_moves(self) -> list[Move]:
        moves, self.moves = self.moves, []
        return moves

    def set_state(self, step: StepRun, state: StepState) -> None:
        before = step.state
        super().set_state(step, state)
        if before is not state:
            self.moves.append(Move(self.step_id(step), before, state))

    def set_undo_state(self, step: StepRun, undo: UndoRun, state: StepState) -> None:
        before = undo.state
        super().set_undo_state(step, undo, state)
        if before is not state:
            self.moves.append(Move(self.step_id(step), before, state, undo=True))
