"""The record of one step: how far its work is, and how far what takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflows.contract.states import StepState
from workflows.core.state.sla_clock import SlaClock
from workflows.core.state.state_transitions import Withdrawal


class Phase(StrEnum):
    """What a step, or its undo, is about; finer than its state."""

    AHEAD = ""
    """Its predecessors are open, or its turn is being judged."""
    OTHER_ORDERS = "other_orders"
    """Its predecessors are settled, but for steps of other orders."""
    START = "start"
    CALL = "call"
    POLL = "poll"
    ACTIVITY = "activity"
    CALLBACK = "callback"
    EVENT = "event"
    TIMER = "timer"
    CONDITION = "condition"
    PERSON = "person"
    # of an undo
    LEARN = "learn"
    """The do is repeated with its own key, to learn what it did."""
    LEARN_POLL = "learn_poll"
    UNDO_CALL = "undo_call"
    UNDO_POLL = "undo_poll"
    UNDO_CALLBACK = "undo_callback"
    UNDO_ACTIVITY = "undo_activity"
    UNDO_PERSON = "undo_person"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt, or a step, failed."""

    code: str
    message: str
    outcome_known: bool = True
    """False where the effect may have taken place all the same."""
    attempts: int = 0
    """Made with this key so far; 0 where nothing was tried."""
    retry_after: float | None = None
    """Seconds until another attempt, which the workflow's timer waits for."""
    at: float = 0.0


@dataclass(slots=True)
class UndoRun:
    """What takes a step's effect back. Times are seconds since 1970.

    Activities are the step's: they are numbered (`launch`), stand in line and fly there, one at a time.
    """

    state: StepState = StepState.PENDING
    """`pending`: what depends on the step is not undone yet, or an attempt of its work is still under way."""
    phase: Phase = Phase.AHEAD
    number: int = 1
    """The last part of the idempotency key."""
    uncertain: bool = False
    """An attempt with the present key may have done the work, although it was not answered."""
    attempts: int = 0
    again_at: float | None = None
    deadline: float | None = None
    answer: Any = None
    """What the call answered, as far as polling reads it."""
    callback: tuple[Any] | None = None
    """A callback that came before the call's answer."""
    failure: Failure | None = None
    changes: dict[str, Any] | None = None
    """Input that a person changed."""
    learnt: bool = False
    """What the step put out is known by now, although its work was not answered at the time."""

    @property
    def open(self) -> bool:
        return self.state not in (StepState.COMPLETED, StepState.SKIPPED)


@dataclass(slots=True)
class StepRun:
    """One step, as far as it is. Times are seconds since 1970."""

    position: int
    open: int
    """Predecessors that are not settled, or are to be done again."""
    state: StepState = StepState.PENDING
    phase: Phase = Phase.AHEAD
    number: int = 1
    """The last part of the idempotency key."""
    launch: int = 0
    """Activities started for it; an answer of an earlier one is none."""
    flying: bool = False
    """An activity is under way."""
    queued: bool = False
    """It stands in line for one."""
    uncertain: bool = False
    """An attempt with the present key may have done the work, although it was not answered."""
    attempts: int = 0
    again_at: float | None = None
    """When it starts (scheduled), or is tried again (failed)."""
    deadline: float | None = None
    """When its timer fires, or `within` ends."""
    started_at: float | None = None
    ended_at: float | None = None
    output: Any = None
    has_output: bool = False
    failure: Failure | None = None
    answer: Any = None
    """What a call that is not over yet answered: the path to poll, or the response that later expressions read."""
    callback: tuple[Any] | None = None
    """A callback that came before the call's answer."""
    names: tuple[str, ...] = ()
    key: str | None = None
    """Of the event that it waits for."""
    subscribed: bool = False
    queue: str | None = None
    """Whose fallout it is."""
    holder: str | None = None
    """Who has taken it, or was given it, while it waits for a person."""
    changes: dict[str, Any] | None = None
    """Input that a person changed."""
    note: str | None = None
    """Why a condition does not hold yet, where that is not obvious."""
    over: bool = False
    """It is settled, and whoever waited for it may go on: not so while it is to be done again."""
    withdrawal: Withdrawal | None = None
    """Why it is taken back, or was."""
    undo: UndoRun | None = None
    clock: SlaClock | None = None
    """Of its `sla`, once it has been ready."""
    patches: int = 0
    """Times that an amendment has patched it; the last part of the idempotency key of the last one."""
    patching: bool = False
    """What it did is there; only what has changed of it is being done."""
    rounds: dict[str, int] | None = None
    """How often its failures have sent the order back, by the step that it was sent back to."""

    @property
    def begun(self) -> bool:
        """Since it was last to be done (again)."""
        return self.started_at is not None

    @property
    def undoing(self) -> bool:
        """It is being taken back: stopped, waiting for its turn to be undone, or undone right now."""
        return self.undo is not None and self.undo.open

    @property
    def stopping(self) -> bool:
        """It is being taken back, and an attempt of its work is still under way."""
        return self.flying and self.undo is not None and self.undo.open and self.undo.phase is Phase.AHEAD

    @property
    def work_phase(self) -> Phase:
        """Of its undo once that has begun, else of its work."""
        undo = self.undo
        return self.phase if undo is None or not undo.open or undo.phase is Phase.AHEAD else undo.phase

    @property
    def in_fallout(self) -> bool:
        """It waits for a person's decision."""
        undo = self.undo
        state = self.state if undo is None or not undo.open else undo.state
        return state is StepState.FATALLY_FAILED
