"""What the core wants done. These are small frozen commands; the workflow turns them into Temporal's commands."""

from __future__ import annotations

from dataclasses import dataclass

from activity_contract.calls import StepActivity, SystemCall
from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from activity_contract.mailboxes import EventSubscription
from activity_contract.notifications import NotificationBatch


@dataclass(frozen=True, slots=True)
class StartCall:
    """Call a system, or poll it until `request.until` holds. The result is reported with step and launch."""

    step: int
    launch: int
    activity_id: str
    summary: str
    request: SystemCall

    @property
    def is_poll(self) -> bool:
        return self.request.until is not None


@dataclass(frozen=True, slots=True)
class StartActivity:
    """Run the Python activity `name`. The result is reported with step and launch."""

    step: int
    launch: int
    activity_id: str
    summary: str
    request: StepActivity
    name: str


@dataclass(frozen=True, slots=True)
class CancelActivity:
    """Cancel the call or activity of this launch, because its result is no longer needed."""

    step: int
    launch: int


@dataclass(frozen=True, slots=True)
class SubscribeEvents:
    """Route events with these names and this key to the order. The sender need not know the order."""

    step: int
    activity_id: str
    subscription: EventSubscription


@dataclass(frozen=True, slots=True)
class UnsubscribeEvents:
    activity_id: str
    subscription: EventSubscription


@dataclass(frozen=True, slots=True)
class PublishEvents:
    """Hand events over to the order's outbox."""

    activity_id: str
    batch: NotificationBatch


@dataclass(frozen=True, slots=True)
class WatchOrderStep:
    """Ask another order for the status of one of its steps, now and when it changes."""

    step: int
    activity_id: str
    watch: StepWatch


@dataclass(frozen=True, slots=True)
class SendStepStatus:
    """Report a step's status to an order that waits for it."""

    order_id: str
    status: CrossOrderStepStatus

    @property
    def activity_id(self) -> str:
        """Only a name for the command: it is a signal, not an activity."""
        return f"{self.order_id}/{self.status.step_id}/{self.status.other_step}/told"


Command = (
    WatchOrderStep
    | SendStepStatus
    | StartCall
    | StartActivity
    | CancelActivity
    | SubscribeEvents
    | UnsubscribeEvents
    | PublishEvents
)
