"""What the core asks of the world: small frozen orders that the workflow turns into Temporal's commands."""

from __future__ import annotations

from dataclasses import dataclass

from activity_contract.calls import StepActivity, SystemCall
from activity_contract.cross_order import CrossOrderStepStatus, StepWatch
from activity_contract.mailboxes import EventSubscription
from activity_contract.notifications import NotificationBatch


@dataclass(frozen=True, slots=True)
class StartCall:
    """Call a system, or ask it until `request.until` holds. Ends as `answered` or `attempt_failed` of this launch."""

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
    """Run the Python activity `name`. Ends as a call does."""

    step: int
    launch: int
    activity_id: str
    summary: str
    request: StepActivity
    name: str


@dataclass(frozen=True, slots=True)
class CancelActivity:
    """Nobody waits for this one any more."""

    step: int
    launch: int


@dataclass(frozen=True, slots=True)
class SubscribeEvents:
    """Events with these names and this key may come from systems that do not know the order."""

    step: int
    activity_id: str
    subscription: EventSubscription


@dataclass(frozen=True, slots=True)
class UnsubscribeEvents:
    activity_id: str
    subscription: EventSubscription


@dataclass(frozen=True, slots=True)
class PublishEvents:
    """Hand events over to the order's outbox. Ends as `handed_over`."""

    activity_id: str
    batch: NotificationBatch


@dataclass(frozen=True, slots=True)
class WatchOrderStep:
    """Ask another order for the standing of a step. Ends as `order_answered`."""

    step: int
    activity_id: str
    watch: StepWatch


@dataclass(frozen=True, slots=True)
class SendStepStatus:
    """Tell the order that waits. Ends as `order_told`."""

    order_id: str
    status: CrossOrderStepStatus

    @property
    def activity_id(self) -> str:
        """A name; it is a signal, no activity."""
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
