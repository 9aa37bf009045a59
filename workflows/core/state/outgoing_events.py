"""What has happened to an order. It is recorded at once, and becomes events when the turn ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from activity_contract.notifications import NotificationEvent, NotificationFilter, NotificationOrder
from compiler.language.event_types import EVENT_TYPES, matches_any
from workflows.contract.states import OrderState, StepState
from workflows.core.state.audit_log import AuditEntry

if TYPE_CHECKING:
    from compiler.plan.plan import Plan
    from workflows.core.state.line_state_tracker import LineStateTracker
    from workflows.core.state.step_run import StepFailure, StepRun, UndoRun


@dataclass(frozen=True, slots=True)
class StepTransition:
    """A step or its undo has changed its state. `failure` is present only if it is now in fallout."""

    step: int
    before: StepState
    after: StepState
    at: float
    failure: StepFailure | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event that is no change of a step's state: an SLA that has passed, a forecast, an amendment."""

    type: str
    at: float
    step: int | None
    data: dict[str, Any]


@dataclass(slots=True)
class OutgoingEvents:
    """Events of an order until its outbox has them."""

    order: NotificationOrder
    notification_config: NotificationFilter
    emitted_types: frozenset[str] = frozenset()
    """Event types that a receiver wants."""
    last_number: int = 0
    """Number of the last event."""
    pending: list[NotificationEvent] = field(default_factory=list)
    """Events that the outbox does not have yet."""
    in_flight_count: int = 0
    """How many of `pending`, from the first, are on their way to the outbox."""
    end_published: bool = False
    """The outbox knows, or is about to know, that the order has ended."""
    last_order_state: OrderState | None = None
    """The order's state as last reported."""
    recorded: list[StepTransition | RecordedEvent | AuditEntry] = field(default_factory=list)
    line_states: LineStateTracker | None = None
    last_plan: Plan | None = None
    """The order's plan when events were last emitted."""

    def __post_init__(self) -> None:
        self.emitted_types = frozenset(
            type_ for type_ in EVENT_TYPES if matches_any(self.notification_config.events, type_)
        )

    def on_step_moved(self, step: StepRun, before: StepState, at: float) -> None:
        failure = step.failure if step.state is StepState.FATALLY_FAILED else None
        self.recorded.append(StepTransition(step.position, before, step.state, at, failure))

    def on_undo_moved(self, step: StepRun, undo: UndoRun, before: StepState, at: float) -> None:
        failure = undo.failure if undo.state is StepState.FATALLY_FAILED else None
        self.recorded.append(StepTransition(step.position, before, undo.state, at, failure, undo=True))
