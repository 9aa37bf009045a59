"""The outbox of a scenario's order on the server: when it sends again what a receiver has not accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ExecuteActivityInput

from activity_contract.notifications import DeliveryOutcome, ReceiverDelivery
from scenarios.server_run.attempts import SCENARIO_WAIT, Execute


class ServerOutbox:
    def __init__(self, workflow_id: str, now: Callable[[], float]) -> None:
        """`now`: the scenario's time, in seconds since 1970."""
        self.workflow_id = workflow_id
        self._now = now
        self._due: dict[str, float] = {}
        """Receiver → when the next attempt is due."""
        self.resting: set[str] = set()
        """Ids of the activities that wait for their time to come."""

    def next_due(self) -> float | None:
        return min(self._due.values(), default=None)

    def may_wait(self, workflow_id: str) -> bool:
        """Whether the workflow may wait for a time: the outbox does for the next attempt only."""
        return workflow_id != self.workflow_id or bool(self._due)

    async def deliver(self, given: ExecuteActivityInput, execute: Execute) -> DeliveryOutcome:
        """An attempt of DELIVER_EVENTS. One that comes too early, because the server's clock goes on while the
        scenario's stands still, waits."""
        delivery: ReceiverDelivery = given.args[0]
        activity_id = activity.info().activity_id
        self.resting.discard(activity_id)
        due = self._due.get(delivery.receiver)
        if due is not None and due > self._now():
            self.resting.add(activity_id)
            raise ApplicationError(
                "time passes",
                type=SCENARIO_WAIT,
                next_retry_delay=timedelta(seconds=due - self._now()),
                category=ApplicationErrorCategory.BENIGN,
            )
        outcome: DeliveryOutcome = await execute(given)
        self._due.pop(delivery.receiver, None)
        if outcome.pause is not None:
            self._due[delivery.receiver] = self._now() + outcome.pause
        return outcome
