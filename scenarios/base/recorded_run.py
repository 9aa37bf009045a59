"""A running order whose changes of state are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.language.steps import StepKind
from compiler.plan.plan import Plan
from workflows.contract.states import NOT_BEGUN, StepState
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun, UndoRun


@dataclass(frozen=True, slots=True)
class Move:
    """A step, or its undo, has come into a state."""

    step: str
    before: StepState
    state: StepState
    undo: bool = False

    @property
    def is_begin(self) -> bool:
        """Whether the step, or its undo, begins by this. A milestone completes at once."""
        if self.state is StepState.IN_PROGRESS:
            return self.before not in _NOT_A_BEGIN
        return self.state is StepState.COMPLETED and self.before in NOT_BEGUN


_NOT_A_BEGIN = frozenset({StepState.FAILED, StepState.IN_PROGRESS, StepState.ON_HOLD})
_FAILED_STATES = frozenset({StepState.FAILED, StepState.FATALLY_FAILED, StepState.FAILED_ACCEPTED})
_TOLD_STATES = frozenset(StepState) - {StepState.PENDING, StepState.READY}
_CALLS = frozenset({StepKind.CALL, StepKind.ACTIVITY})


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

    def describe(self, move: Move) -> str | None:
        """For the timeline; None for what it does not tell."""
        position = self.position_by_id.get(move.step)
        if position is None or move.state not in _TOLD_STATES:
            return None
        step = self.steps[position]
        if move.state is StepState.IN_PROGRESS and (move.undo or self.profile(step).kind in _CALLS):
            return None
        failure = (step.undo.failure if step.undo else None) if move.undo else step.failure
        why = f" ({failure.code}: {failure.message})" if failure and move.state in _FAILED_STATES else ""
        return f"{'undo ' if move.undo else ''}{move.state.value}{why}"
