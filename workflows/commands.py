"""What the core asks of the world: small frozen orders that the workflow turns into Temporal's commands."""

from __future__ import annotations

from dataclasses import dataclass

from activities.contract import EventSubscription, StepActivity, SystemCall
from compiler.plan import PlannedDefinition


@dataclass(frozen=True, slots=True)
class StartCall:
    """Call or poll a system; ends as `answered` or `failed` of the step with the same launch number."""

    step: int
    launch: int
    activity_id: str
    summary: str
    request: SystemCall
    definition: PlannedDefinition


@dataclass(frozen=True, slots=True)
class StartPoll:
    step: int
    launch: int
    activity_id: str
    summary: str
    request: SystemCall
    definition: PlannedDefinition


@dataclass(frozen=True, slots=True)
class StartActivity:
    """Run the Python activity `name`."""

    step: int
    launch: int
    activity_id: str
    summary: str
    name: str
    request: StepActivity
    definition: PlannedDefinition


@dataclass(frozen=True, slots=True)
class CancelActivity:
    """Nobody waits for this one any more."""

    step: int
    launch: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Events with these names and this key may come from systems that do not know the order."""

    step: int
    activity_id: str
    subscription: EventSubscription


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    activity_id: str
    subscription: EventSubscription


Command = StartCall | StartPoll | StartActivity | CancelActivity | Subscribe | Unsubscribe
