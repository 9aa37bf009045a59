"""The record of one step: how far its work is, and how far what takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflows.contract.states import StepState
from workflows.core.state.sla_clock import SlaClock
from workflows.core.state.state_transitions import UndoReason


class Phase(StrEnum):
    """What a step, or its undo, is about; finer than its state."""

    IDLE = ""
    """Its predecessors are open, or its turn is being judged."""
    OTHER_ORDERS = "other_orders"
    """Its predecessors are settled, but for steps of other orders."""
    SCHEDULED = "start"
    CALL = "call"
    POLL = "poll"
    ACTIVITY = "activity"
    CALLBACK = "callback"
    EVENT = "event"
    TIMER = "timer"
    CONDITION = "condition"
    MANUAL = "person"
    # of an undo
    RECOVER_OUTPUT = "learn"
    """The do is repeated with its own key, to learn what it did."""
    RECOVER_OUTPUT_POLL = "learn_poll"
    UNDO_CALL = "undo_call"
    UNDO_POLL = "undo_poll"
    UNDO_CALLBACK = "undo_callback"
    UNDO_ACTIVITY = "undo_activity"
    UNDO_MANUAL = "undo_person"


@dataclass(frozen=True, slots=True)
class StepFailure:
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
    phase: Phase = Phase.IDLE
    number: int = 1
    """The last part of the idempotency key."""
    uncertain: bool = False
    """An attempt with the present key may have done the work, although it was not answered."""
    attempts: int = 0
    again_at: float | None = None
    deadline: float | None = None
    answer: Any = None
    """What the call answered, as far as polling reads it."""
    early_callback: tuple[Any] | None = None
    """A callback that came before the call's answer."""
    failure: StepFailure | None = None
    changes: dict[str, Any] | None = None
    """Input that a person changed."""
    learnt: bool = False
    """What the step put out is known by now, although its work was not answered at the time."""

    @property
    def is_open(self) -> bool:
        return self.state not in (StepState.COMPLETED, StepState.SKIPPED)


@dataclass(slots=True)
class StepRun:
    """One step, as far as it is. Times are seconds since 1970."""

    position: int
    open_predecessors: int
    """Predecessors that are not settled, or are to be done again."""
    state: StepState = StepState.PENDING
    phase: Phase = Phase.IDLE
    number: int = 1
    """The last part of the idempotency key."""
    launch: int = 0
    """Activities started for it; an answer of an earlier one is none."""
    in_flight: bool = False
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
    failure: StepFailure | None = None
    answer: Any = None
    """What a call that is not over yet answered: the path to poll, or the response that later expressions read."""
    early_callback: tuple[Any] | None = None
    """A callback that came before the call's answer."""
    event_names: tuple[str, ...] = ()
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
    released: bool = False
    """It is settled, and whoever waited for it may go on: not so while it is to be done again."""
    undo_reason: UndoReason | None = None
    """Why it is taken back, or was."""
    undo: UndoRun | None = None
    sla_clock: SlaClock | None = None
    """Of its `sla`, once it has been ready."""
    in_place_changes: int = 0
    """Times that an amendment has patched it; the last part of the idempotency key of the last one."""
    changing_in_place: bool = False
    """What it did is there; only what has changed of it is being done."""
    failure_rounds: dict[str, int] | None = None
    """How often its failures have sent the order back, by the step that it was sent back to."""

    @property
    def has_started(self) -> bool:
        """Since it was last to be done (again)."""
        return self.started_at is not None

    @property
    def undoing(self) -> bool:
        """It is being taken back: stopped, waiting for its turn to be undone, or undone right now."""
        return self.undo is not None and self.undo.is_open

    @property
    def stopping(self) -> bool:
        """It is being taken back, and an attempt of its work is still under way."""
        return self.in_flight and self.undo is not None and self.undo.is_open and self.undo.phase is Phase.IDLE

    @property
    def active_phase(self) -> Phase:
        """Of its undo once that has begun, else of its work."""
        undo = self.undo
        return self.phase if undo is None or not undo.is_open or undo.phase is Phase.IDLE else undo.phase

    @property
    def in_fallout(self) -> bool:
        """It waits for a person's decision."""
        undo = self.undo
        state = self.state if undo is None or not undo.is_open else undo.state
        return state is StepState.FATALLY_FAILED
