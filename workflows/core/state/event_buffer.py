"""What has happened to an order that somebody wants to be told of: noted as it happens, told at the end of a turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from activity_contract.notifications import Telling, ToldEvent, ToldOrder
from compiler.language.event_types import EVENT_TYPES, fits_any
from workflows.contract.states import OrderState, StepState
from workflows.core.state.audit_log import Entry

if TYPE_CHECKING:
    from compiler.plan.plan import Plan
    from workflows.core.state.line_state_tracker import LineWatch
    from workflows.core.state.step_run import Failure, StepRun, UndoRun


@dataclass(frozen=True, slots=True)
class Move:
    """A step, or its undo, has passed from one state to another."""

    step: int
    before: StepState
    after: StepState
    at: float
    code: str | None = None
    message: str | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that is told: workflows.core.notifications.order_events.note."""

    type: str
    at: float
    step: int | None
    data: dict[str, Any]


@dataclass(slots=True)
class Told:
    """The outbox of one run of an order, as far as the order itself keeps it."""

    order: ToldOrder
    telling: Telling
    wanted: frozenset[str] = frozenset()
    """Types of events; only ever asked whether it holds one."""
    number: int = 0
    """Of the last event."""
    waiting: list[ToldEvent] = field(default_factory=list)
    """Not handed over yet."""
    in_hand: int = 0
    """So many of them, from the first, are being handed over."""
    farewell: bool = False
    """That the order has ended has been handed over, or is being."""
    state: OrderState | None = None
    """The order's, as last told."""
    happenings: list[Move | Note | Entry] = field(default_factory=list)
    lines: LineWatch | None = None
    plan: Plan | None = None
    """The order's, when it last told something."""

    def __post_init__(self) -> None:
        self.wanted = frozenset(type_ for type_ in EVENT_TYPES if fits_any(self.telling.events, type_))

    def moved(self, step: StepRun, before: StepState, after: StepState, at: float) -> None:
        failure = step.failure if after is StepState.FATALLY_FAILED else None
        self.happenings.append(_move(step, before, after, at, failure))

    def undo_moved(self, step: StepRun, undo: UndoRun, before: StepState, at: float) -> None:
        failure = undo.failure if undo.state is StepState.FATALLY_FAILED else None
        self.happenings.append(_move(step, before, undo.state, at, failure, undo=True))

    def wants(self, prefix: str) -> bool:
        return any(type_.startswith(prefix) for type_ in self.wanted)


def _move(
    step: StepRun, before: StepState, after: StepState, at: float, failure: Failure | None, *, undo: bool = False
) -> Move:
    if failure is None:
        return Move(step.position, before, after, at, undo=undo)
    return Move(step.position, before, after, at, failure.code, failure.message, undo)
