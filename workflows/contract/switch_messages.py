"""Messages between clients and the switch of a system (workflows/system_switch.py)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from activity_contract.calls import system_task_queue
from workflows.contract.order_messages import TASK_QUEUE, Actor, Message

SWITCH_WORKFLOW_TYPE = "SystemSwitch"
UPDATE_SWITCH = "switch"  # SwitchRequest → SwitchResult, once the server applies it
MEMO_SYSTEM = "system"  # SystemSwitchView, as JSON; readable while no worker runs

SWITCH_ID_PREFIX = "system/"


class SwitchState(StrEnum):
    CLOSED = "closed"
    """Calls go through, like current through a closed circuit."""
    OPEN = "open"
    """The system has failed repeatedly. Calls wait, and probes check whether it is available again."""
    HALF_OPEN = "half_open"
    """The system is available again. Calls go through at a rate that increases."""
    OFF = "off"
    """An operator has switched it off. Calls wait until an operator switches it on."""


def switch_workflow_id(system: str, task_queue: str = TASK_QUEUE) -> str:
    """The switch of a system: one for each deployment (task queue) in a namespace."""
    return SWITCH_ID_PREFIX + (system if task_queue == TASK_QUEUE else system_task_queue(task_queue, system))


UNKNOWN_RATE = -1.0
"""As the rate in force of a restored switch: it has the server keep to its rate again, whatever that is now."""


class SystemSwitchView(Message):
    """The present state of a system's switch."""

    system: str
    name: str
    state: SwitchState = SwitchState.CLOSED
    since: datetime | None = None
    """None: it has always been closed."""
    by: str | None = None
    """The operator. None: the circuit breaker."""
    reason: str = ""
    error: str | None = None
    """The calls' error when the circuit breaker last opened."""
    per_second: float | None = None
    """Calls per second that the switch allows. None: only the system's own limits apply."""
    next_at: datetime | None = None
    """The next probe, or the next increase of the rate."""
    problem: str | None = None
    """Why the server cannot hold calls back."""

    def restored_state(self) -> dict[str, Any]:
        """The state that a switch which was ended from outside goes on with: its position is not forgotten."""
        kept = ("state", "since", "by", "reason", "error", "next_at")
        switch = {name: value for name, value in self.model_dump(mode="json").items() if name in kept}
        return {"switch": switch, "name": self.name, "in_force": UNKNOWN_RATE}

    @property
    def is_off(self) -> bool:
        return self.state is SwitchState.OFF

    @property
    def is_holding_calls(self) -> bool:
        """All calls of the system wait."""
        return self.state in (SwitchState.OPEN, SwitchState.OFF) and self.problem is None


class SwitchRequest(Message):
    to: Literal["on", "off"]
    actor: Actor


class SwitchResult(Message):
    system: SystemSwitchView
    message: str
    already: bool = False
    """The switch was in this position before."""
