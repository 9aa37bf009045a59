"""The record of one step: the state of its work, and of its undo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflows.contract.states import SETTLED, StepState
from workflows.core.state.state_transitions import REDO_REASONS, StepContribution, UndoReason, step_contribution
from workflows.core.state.step_sla_clock import SlaClock


class Phase(StrEnum):
    """What a step or its undo is doing or waiting for. This is finer than its state."""

    IDLE = ""
    """Not started yet, or settled."""
    OTHER_ORDERS = "other_orders"
    """Its predecessors are settled; it waits for steps of other orders."""
    SCHEDULED = "start"
    CALL = "call"
    POLL = "poll"
    ACTIVITY = "activity"
    CALLBACK = "callback"
    EVENT = "event"
    TIMER = "timer"
    CONDITION = "condition"
    MANUAL = "person"
    # phases of an undo
    RECOVER_OUTPUT = "learn"
    """Repeat the step's work with its own key, to find out what it did."""
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
    """False if the effect may have taken place."""
    attempts: int = 0
    """How many attempts were made with this key."""
    retry_after: float | None = None
    """Seconds until the next attempt, if the workflow waits for it with a timer."""
    at: float = 0.0


@dataclass(slots=True)
class UndoRun:
    """The undo of a step. Times are seconds since 1970.

    It uses the step's `launch`, `queued` and `in_flight`. A step and its undo never have two activities at once.
    """

    state: StepState = StepState.PENDING
    """`pending`: steps that depend on this one are not undone yet, or an attempt of its own work is still running."""
    phase: Phase = Phase.IDLE
    number: int = 1
    """The last part of the idempotency key."""
    uncertain: bool = False
    """An attempt with the current key may have had its effect, although no response came."""
    attempts: int = 0
    again_at: float | None = None
    deadline: float | None = None
    answer: Any = None
    """The part of the call's response that polling reads."""
    early_callback: tuple[Any] | None = None
    """The payload of a callback that came before the call's response."""
    failure: StepFailure | None = None
    changes: dict[str, Any] | None = None
    """Input that a person has changed."""
    learnt: bool = False
    """The step's output has become known, although no response came when the step ran."""

    @property
    def is_open(self) -> bool:
        return self.state not in (StepState.COMPLETED, StepState.SKIPPED)


@dataclass(slots=True)
class StepRun:
    """Times are seconds since 1970."""

    position: int
    open_predecessors: int
    """How many predecessors are not settled, or are being redone."""
    state: StepState = StepState.PENDING
    phase: Phase = Phase.IDLE
    number: int = 1
    """The last part of the idempotency key."""
    launch: int = 0
    """Number of the last activity that was started for the step. Results of earlier activities are ignored."""
    in_flight: bool = False
    """That activity is running now."""
    queued: bool = False
    """It waits in the activity queue."""
    uncertain: bool = False
    """An attempt with the current key may have had its effect, although no response came."""
    attempts: int = 0
    again_at: float | None = None
    """When the step starts if it is scheduled. When the next attempt begins if it has failed."""
    deadline: float | None = None
    """When its timer fires, or `within` ends."""
    started_at: float | None = None
    ended_at: float | None = None
    output: Any = None
    has_output: bool = False
    failure: StepFailure | None = None
    answer: Any = None
    """The part of the call's response that the poll's path or later expressions read. Kept until the call is over."""
    early_callback: tuple[Any] | None = None
    """The payload of a callback that came before the call's response."""
    event_names: tuple[str, ...] = ()
    key: str | None = None
    """Key of the event that it waits for."""
    subscribed: bool = False
    queue: str | None = None
    """The queue of its fallout."""
    holder: str | None = None
    """The person who has the task, or the fallout."""
    changes: dict[str, Any] | None = None
    """Input that a person has changed."""
    corrected_from: dict[str, Any] | None = None
    """What each of `changes` replaces. Without it, a change counts until the step settles."""
    note: str | None = None
    """Why a condition does not hold yet, if that is not obvious."""
    released: bool = False
    """Its followers may start. False while the step is being redone."""
    undo_reason: UndoReason | None = None
    """Why the step is being undone, or was undone."""
    undo: UndoRun | None = None
    sla_clock: SlaClock | None = None
    in_place_changes: int = 0
    """How often amendments have changed the step in place. This number ends the idempotency key of the last change."""
    changing_in_place: bool = False
    """The step's effect stays, and is being changed in place."""
    failure_rounds: dict[str, int] | None = None
    """How often `on_failure` has sent the order back to each earlier step."""

    @property
    def has_started(self) -> bool:
        """Whether the step has started since it was last reset."""
        return self.started_at is not None

    @property
    def undoing(self) -> bool:
        """Whether the step is on its way to be undone: its attempt is being stopped, or its undo waits or runs."""
        return self.undo is not None and self.undo.is_open

    @property
    def redoing(self) -> bool:
        """Whether the step is being undone so that it can be done again."""
        return self.undo is not None and self.undo.is_open and self.undo_reason in REDO_REASONS

    @property
    def is_over(self) -> bool:
        """Whether the step is settled and will not be redone. The order does not wait for it."""
        return self.state in SETTLED and not self.redoing

    @property
    def is_final(self) -> bool:
        """Whether the step is settled and is not being undone."""
        return self.state in SETTLED and not self.undoing

    @property
    def contribution(self) -> StepContribution:
        """What the step contributes to the states of the lines that it serves."""
        return step_contribution(self.state, self.undo_reason, undoing=self.undoing)

    @property
    def stopping(self) -> bool:
        """Whether the step waits to be undone while the last attempt of its own work is still running."""
        return self.in_flight and self.undo is not None and self.undo.is_open and self.undo.phase is Phase.IDLE

    @property
    def active_phase(self) -> Phase:
        """The phase of the step's undo if that has started, else the phase of its work."""
        undo = self.undo
        return self.phase if undo is None or not undo.is_open or undo.phase is Phase.IDLE else undo.phase

    @property
    def in_fallout(self) -> bool:
        """Whether the step or its undo waits for a person's decision."""
        undo = self.undo
        state = self.state if undo is None or not undo.is_open else undo.state
        return state is StepState.FATALLY_FAILED
