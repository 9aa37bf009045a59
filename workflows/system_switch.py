"""The switch of a system: durable, one workflow per system, shared by all workers.

workflows/core/systems/circuit_breaker.py decides. The switch lets the Temporal server limit the rate of the system's
task queue, so that waiting calls cost nothing and use no attempt. While nothing is wrong it does nothing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

from activity_contract.activity_names import PROBE_SYSTEM, SET_QUEUE_RATE
from activity_contract.system_switch import (
    SWITCH_ANNOUNCE,
    SWITCH_RETIRE,
    SWITCH_TRIP,
    ProbeResult,
    QueueRateInput,
    QueueRateResult,
    SystemAnnouncement,
    SystemProbe,
    SystemSwitchInput,
    SystemTrip,
)
from workflows.contract.switch_messages import (
    MEMO_SYSTEM,
    SWITCH_WORKFLOW_TYPE,
    UPDATE_SWITCH,
    SwitchRequest,
    SwitchResult,
    SwitchState,
    SystemSwitchView,
)
from workflows.core.systems.circuit_breaker import Switch, SwitchEvent, SwitchTrigger, apply_trigger, ramp_up

SET_RATE_TIMEOUT = timedelta(seconds=10)
PROBE_TIMEOUT = timedelta(seconds=30)
SET_RATE_RETRY_POLICY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))
NO_RETRY = RetryPolicy(maximum_attempts=1)


def should_continue_as_new() -> bool:
    return workflow.info().is_continue_as_new_suggested()


class SwitchSnapshot(BaseModel):
    """What a switch carries over when it continues as new."""

    switch: Switch = Switch()
    name: str
    in_force: float | None = None
    problem: str | None = None


@workflow.defn(name=SWITCH_WORKFLOW_TYPE, sandboxed=False)
class SystemSwitch:
    @workflow.init
    def __init__(self, switch_input: SystemSwitchInput) -> None:
        carried = SwitchSnapshot.model_validate(switch_input.carried or {"name": switch_input.system})
        self._input = switch_input
        self._switch, self._name = carried.switch, carried.name
        self._applied_rate, self._problem = carried.in_force, carried.problem
        """The rate that the server applies."""
        self._requested_count, self._applied_count = 0, 0
        """The number of operators' requests, and how many of them the server applies."""
        self._own_limit_reached = False
        self._retired = False
        self._probe_task: asyncio.Task[None] | None = None

    @workflow.run
    async def run(self, switch_input: SystemSwitchInput) -> None:
        while True:
            await self._apply_rate()
            self._update_memo()
            if self._retired and self._switch.state is SwitchState.CLOSED:
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            if should_continue_as_new() and self._probe_task is None:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(switch_input.model_copy(update={"carried": self._snapshot()}))
            await self._wait_for_change()

    @workflow.update(name=UPDATE_SWITCH)
    async def switch(self, request: SwitchRequest) -> SwitchResult:
        """Switches off, or on again. Returns once the server applies it."""
        before = self._switch
        event = SwitchEvent(request.to)
        self._apply_event(SwitchTrigger(event=event, by=request.actor.signature, reason=request.actor.reason))
        self._requested_count += 1  # even if nothing changes: somebody may have changed the limit by hand
        request_number = self._requested_count
        await workflow.wait_condition(
            lambda: self._applied_count >= request_number and self._applied_rate == self._switch.rate
        )
        already = before is self._switch
        return SwitchResult(system=self._view(), message=self._result_message(event, already=already), already=already)

    @workflow.signal(name=SWITCH_TRIP)
    def trip(self, trip: SystemTrip) -> None:
        self._apply_event(SwitchTrigger(event=SwitchEvent.TRIPPED, reason=trip.error))

    @workflow.signal(name=SWITCH_ANNOUNCE)
    def announce(self, announcement: SystemAnnouncement) -> None:
        self._name, self._retired = announcement.name, False
        self._update_memo()

    @workflow.signal(name=SWITCH_RETIRE)
    def retire(self) -> None:
        self._retired = True

    def _apply_event(self, trigger: SwitchTrigger) -> None:
        before = self._switch
        self._switch = apply_trigger(before, trigger, workflow.now())
        if self._switch.state is not before.state:
            workflow.logger.warning(
                "a system's switch has changed",
                extra={"system": self._input.system, "state": self._switch.state.value, "reason": trigger.reason},
            )

    async def _apply_rate(self) -> None:
        """Makes the server apply the switch's present rate."""
        while self._applied_count < self._requested_count or self._applied_rate != self._switch.rate:
            request_count, rate = self._requested_count, self._switch.rate
            queue_rate = QueueRateInput(
                system=self._input.system, queue=self._input.queue, per_second=rate, reason=self._rate_reason()
            )
            result: QueueRateResult = await workflow.execute_activity(
                SET_QUEUE_RATE,
                queue_rate,
                result_type=QueueRateResult,
                start_to_close_timeout=SET_RATE_TIMEOUT,
                retry_policy=SET_RATE_RETRY_POLICY,
                summary=f"{rate:g} calls a second" if rate is not None else "as the system's own limits say",
            )
            self._applied_count, self._applied_rate = request_count, rate
            self._own_limit_reached, self._problem = result.enough, result.problem

    async def _wait_for_change(self) -> None:
        """Waits for a change of the switch, the time of the next probe, or the next increase of the rate."""
        before = self._switch
        due = before.next_at if self._probe_task is None else None
        wait = max(due - workflow.now(), timedelta(0)) if due is not None else None
        try:
            await workflow.wait_condition(
                lambda: self._switch is not before or self._applied_count < self._requested_count or self._retired,
                timeout=wait,
            )
        except TimeoutError:
            if self._switch.state is SwitchState.OPEN:
                self._probe_task = asyncio.create_task(self._probe())
            else:
                self._switch = ramp_up(self._switch, workflow.now(), limit_reached=self._own_limit_reached)

    async def _probe(self) -> None:
        """Runs beside the loop, so that operators do not wait for it."""
        try:
            result: ProbeResult = await workflow.execute_activity(
                PROBE_SYSTEM,
                SystemProbe(system=self._input.system),
                result_type=ProbeResult,
                start_to_close_timeout=PROBE_TIMEOUT,
                retry_policy=NO_RETRY,
                summary="Is it available again?",
            )
        except FailureError as error:
            result = ProbeResult(alive=False, said=error.message)
        self._probe_task = None
        event = SwitchEvent.PROBE_SUCCEEDED if result.alive else SwitchEvent.PROBE_FAILED
        reason = f"it is available again: {result.said}" if result.alive else result.said
        self._apply_event(SwitchTrigger(event=event, reason=reason))

    def _update_memo(self) -> None:
        """The memo can be read while no worker runs."""
        view = self._view().model_dump(mode="json")
        if workflow.memo_value(MEMO_SYSTEM, None) != view:
            workflow.upsert_memo({MEMO_SYSTEM: view})

    def _view(self) -> SystemSwitchView:
        switch = self._switch
        return SystemSwitchView(
            system=self._input.system,
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

    def _snapshot(self) -> dict[str, Any]:
        state = SwitchSnapshot(switch=self._switch, name=self._name, in_force=self._applied_rate, problem=self._problem)
        return state.model_dump(mode="json")

    def _rate_reason(self) -> str:
        switch = self._switch
        who = f" by {switch.by}" if switch.by else ""
        return f"Ordo: {switch.state.value}{who}{f', {switch.reason}' if switch.reason else ''}"

    def _result_message(self, event: SwitchEvent, *, already: bool) -> str:
        name = self._input.system
        if self._problem is not None:
            return f"System {name} is switched {event.value}, but calls are not held back: {self._problem}"
        if event is SwitchEvent.OFF:
            return f"System {name} {'was already off' if already else 'is off'}: its calls wait, none of them fails"
        if already:
            return f"System {name} was already on"
        return f"System {name} is on: its calls go through, at a rate that increases"
