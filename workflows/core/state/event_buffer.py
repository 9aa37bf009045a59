"""What has happened to an order that somebody wants to be told of: noted as it happens, told at the end of a turn."""

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
    """A step, or its undo, has passed from one state to another."""

    step: int
    before: StepState
    after: StepState
    at: float
    code: str | None = None
    message: str | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something else that is told: workflows.core.notifications.order_events.note."""

    type: str
    at: float
    step: int | None
    data: dict[str, Any]


@dataclass(slots=True)
class EventBuffer:
    """The outbox of one run of an order, as far as the order itself keeps it."""

    order: NotificationOrder
    notification_config: NotificationFilter
    emitted_types: frozenset[str] = frozenset()
    """Types of events; only ever asked whether it holds one."""
    last_number: int = 0
    """Of the last event."""
    pending: list[NotificationEvent] = field(default_factory=list)
    """Not handed over yet."""
    in_flight_count: int = 0
    """So many of them, from the first, are being handed over."""
    end_published: bool = False
    """That the order has ended has been handed over, or is being."""
    last_order_state: OrderState | None = None
    """The order's, as last told."""
    recorded: list[StepTransition | RecordedEvent | AuditEntry] = field(default_factory=list)
    line_states: LineStateTracker | None = None
    last_plan: Plan | None = None
    """The order's, when it last told something."""

    def __post_init__(self) -> None:
        self.emitted_types = frozenset(
            type_ for type_ in EVENT_TYPES if matches_any(self.notification_config.events, type_)
        )

    def on_step_moved(self, step: StepRun, before: StepState, after: StepState, at: float) -> None:
        failure = step.failure if after is StepState.FATALLY_FAILED else None
        self.recorded.append(_transition(step, before, after, at, failure))

    def on_undo_moved(self, step: StepRun, undo: UndoRun, before: StepState, at: float) -> None:
        failure = undo.failure if undo.state is StepState.FATALLY_FAILED else None
        self.recorded.append(_transition(step, before, undo.state, at, failure, undo=True))

    def emits_any(self, prefix: str) -> bool:
        return any(type_.startswith(prefix) for type_ in self.emitted_types)


def _transition(
    step: StepRun, before: StepState, after: StepState, at: float, failure: StepFailure | None, *, undo: bool = False
) -> StepTransition:
    if failure is None:
        return StepTransition(step.position, before, after, at, undo=undo)
    return StepTransition(step.position, before, after, at, failure.code, failure.message, undo)
