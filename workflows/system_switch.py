"""The switch of a system: durable, shared by all workers, one workflow a system. What it decides stands in breaker.py.

It has the Temporal server limit the system's task queue, so that calls which wait cost nothing and burn no attempt.
While nothing is wrong it does nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

from activity_contract.system_switch import (
    PROBE_SYSTEM,
    SET_QUEUE_RATE,
    SWITCH_ANNOUNCE,
    SWITCH_RETIRE,
    SWITCH_TRIP,
    Probe,
    ProbeAnswer,
    QueueRate,
    QueueRateSet,
    SystemAnnounced,
    SystemSwitchInput,
    SystemTrip,
)
from workflows.contract.switch_messages import (
    MEMO_SYSTEM,
    SYSTEM_SWITCH_TYPE,
    UPDATE_SWITCH,
    SwitchAnswer,
    SwitchState,
    SwitchSystem,
    SystemView,
)
from workflows.core.systems.circuit_breaker import Happened, Switch, SwitchEvent, risen, switched

SETTING = timedelta(seconds=10)
PROBING = timedelta(seconds=30)
PAUSES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))
ONCE = RetryPolicy(maximum_attempts=1)


def is_long() -> bool:
    """Whether the history asks for another run."""
    return workflow.info().is_continue_as_new_suggested()


class Carried(BaseModel):
    """Everything that crosses over when a switch continues as new."""

    switch: Switch = Switch()
    name: str
    in_force: float | None = None
    problem: str | None = None


@workflow.defn(name=SYSTEM_SWITCH_TYPE, sandboxed=False)
class SystemSwitch:
    @workflow.init
    def __init__(self, start: SystemSwitchInput) -> None:
        carried = Carried.model_validate(start.carried or {"name": start.system})
        self._start = start
        self._switch, self._name = carried.switch, carried.name
        self._in_force, self._problem = carried.in_force, carried.problem
        """The rate that the server keeps to."""
        self._asked, self._kept = 0, 0
        """So often has an operator asked; so many of these requests does the server keep to."""
        self._enough = False
        self._retired = False
        self._probing: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, start: SystemSwitchInput) -> None:
        while True:
            await self._put_in_force()
            self._show()
            if self._retired and self._switch.state is SwitchState.CLOSED:
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            if is_long() and self._probing is None:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(start.model_copy(update={"carried": self._carried()}))
            await self._until_something_happens()

    @workflow.update(name=UPDATE_SWITCH)
    async def switch(self, wanted: SwitchSystem) -> SwitchAnswer:
        """Off, or on again; answered when the server keeps to it."""
        before = self._switch
        event = SwitchEvent(wanted.to)
        self._happened(Happened(event=event, by=wanted.actor.by, reason=wanted.actor.reason))
        self._asked += 1  # also where it stood so: somebody may have changed the queue's limit by hand
        mine = self._asked
        await workflow.wait_condition(lambda: self._kept >= mine and self._in_force == self._switch.rate)
        already = before is self._switch
        return SwitchAnswer(system=self._view(), message=self._said(event, already=already), already=already)

    @workflow.signal(name=SWITCH_TRIP)
    def trip(self, trip: SystemTrip) -> None:
        self._happened(Happened(event=SwitchEvent.TRIPPED, reason=trip.error))

    @workflow.signal(name=SWITCH_ANNOUNCE)
    def announce(self, announced: SystemAnnounced) -> None:
        self._name, self._retired = announced.name, False
        self._show()

    @workflow.signal(name=SWITCH_RETIRE)
    def retire(self) -> None:
        self._retired = True

    def _happened(self, happened: Happened) -> None:
        before = self._switch
        self._switch = switched(before, happened, workflow.now())
        if self._switch.state is not before.state:
            workflow.logger.warning(
                "switch of a system",
                extra={"system": self._start.system, "state": self._switch.state.value, "reason": happened.reason},
            )

    async def _put_in_force(self) -> None:
        """Has the server keep to the rate that the switch says now."""
        while self._kept < self._asked or self._in_force != self._switch.rate:
            asked, rate = self._asked, self._switch.rate
            wanted = QueueRate(
                system=self._start.system, queue=self._start.queue, per_second=rate, reason=self._why_limited()
            )
            answer: QueueRateSet = await workflow.execute_activity(
                SET_QUEUE_RATE,
                wanted,
                result_type=QueueRateSet,
                start_to_close_timeout=SETTING,
                retry_policy=PAUSES,
                summary=f"{rate:g} calls a second" if rate is not None else "as the system's own limits say",
            )
            self._kept, self._in_force, self._enough, self._problem = asked, rate, answer.enough, answer.problem

    async def _until_something_happens(self) -> None:
        """A change of the switch, or the time for a probe or for the next step of the pace."""
        seen = self._switch
        due = seen.next_at if self._probing is None else None
        wait = max(due - workflow.now(), timedelta(0)) if due is not None else None
        try:
            await workflow.wait_condition(
                lambda: self._switch is not seen or self._kept < self._asked or self._retired, timeout=wait
            )
        except TimeoutError:
            if self._switch.state is SwitchState.OPEN:
                self._probing = asyncio.create_task(self._probe())
            else:
                self._switch = risen(self._switch, workflow.now(), enough=self._enough)

    async def _probe(self) -> None:
        """Beside the loop, so that an operator need not wait for it."""
        try:
            answer: ProbeAnswer = await workflow.execute_activity(
                PROBE_SYSTEM,
                Probe(system=self._start.system),
                result_type=ProbeAnswer,
                start_to_close_timeout=PROBING,
                retry_policy=ONCE,
                summary="is it back?",
            )
        except FailureError as error:
            answer = ProbeAnswer(alive=False, said=error.message)
        self._probing = None
        event = SwitchEvent.ALIVE if answer.alive else SwitchEvent.DEAD
        self._happened(Happened(event=event, reason=f"it is back: {answer.said}" if answer.alive else answer.said))

    def _show(self) -> None:
        """In the memo, where it can be read although no worker runs."""
        view = self._view().model_dump(mode="json")
        if workflow.memo_value(MEMO_SYSTEM, None) != view:
            workflow.upsert_memo({MEMO_SYSTEM: view})

    def _view(self) -> SystemView:
        switch = self._switch
        return SystemView(
            system=self._start.system,
            name=self._name,
            state=switch.state,
            since=switch.since,
            by=switch.by,
            reason=switch.reason,
            error=switch.error,
            per_second=switch.rate,
            next_at=switch.next_at,
            problem=self._problem,
        )

    def _carried(self) -> dict[str, Any]:
        state = Carried(switch=self._switch, name=self._name, in_force=self._in_force, problem=self._problem)
        return state.model_dump(mode="json")

    def _why_limited(self) -> str:
        switch = self._switch
        who = f" by {switch.by}" if switch.by else ""
        return f"Ordo: {switch.state.value}{who}{f', {switch.reason}' if switch.reason else ''}"

    def _said(self, event: SwitchEvent, *, already: bool) -> str:
        name = self._start.system
        if self._problem is not None:
            return f"System {name} is switched {event.value}, but calls are not held back: {self._problem}"
        if event is SwitchEvent.OFF:
            return f"System {name} {'was off already' if already else 'is off'}: its calls wait, none of them fails"
        if already:
            return f"System {name} was on already"
        return f"System {name} is on: its calls go through, at a pace that rises"
