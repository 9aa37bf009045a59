"""What clients and the switch of a system (workflows/system_switch.py) say to each other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from activity_contract.calls import system_task_queue
from workflows.contract.order_messages import TASK_QUEUE, Actor, Message

SWITCH_WORKFLOW_TYPE = "SystemSwitch"
UPDATE_SWITCH = "switch"  # SwitchSystem → SwitchAnswer; answered once the server keeps to it
MEMO_SYSTEM = "system"  # SystemView, as data: readable without a worker

SWITCH_ID_PREFIX = "system/"


class SwitchState(StrEnum):
    CLOSED = "closed"
    """Calls go through, as the breaker of an electrician lets the current."""
    OPEN = "open"
    """The system has failed repeatedly: calls wait, and a probe asks whether it is back."""
    HALF_OPEN = "half_open"
    """It is back, and calls go through at a pace that rises."""
    OFF = "off"
    """An operator has switched it off: calls wait until one switches it on."""


def switch_workflow_id(system: str, task_queue: str = TASK_QUEUE) -> str:
    """The switch of a system: one for each deployment (task queue) in a namespace."""
    return SWITCH_ID_PREFIX + (system if task_queue == TASK_QUEUE else system_task_queue(task_queue, system))


class SystemSwitchView(Message):
    """A system's switch as it stands."""

    system: str
    name: str
    state: SwitchState = SwitchState.CLOSED
    since: datetime | None = None
    """None: it has never been anything but closed."""
    by: str | None = None
    """The operator; None: the breaker."""
    reason: str = ""
    error: str | None = None
    """What calls met when the breaker opened last."""
    per_second: float | None = None
    """What the switch lets through; None: as much as the system's own limits allow."""
    next_at: datetime | None = None
    """The next probe, or the next step of the pace."""
    problem: str | None = None
    """Why the server does not hold calls back, where it does not."""

    @property
    def is_off(self) -> bool:
        return self.state is SwitchState.OFF

    @property
    def is_holding_calls(self) -> bool:
        """Calls wait, whoever makes them."""
        return self.state in (SwitchState.OPEN, SwitchState.OFF) and self.problem is None


class SwitchRequest(Message):
    to: Literal["on", "off"]
    actor: Actor


class SwitchResult(Message):
    system: SystemSwitchView
    message: str
    already: bool = False
    """True where it stood so before."""
