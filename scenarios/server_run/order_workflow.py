"""The workflow of an order in a scenario: it runs by the scenario's clock, and what it does is recorded."""

from __future__ import annotations

from typing import Any, Protocol

from temporalio import workflow

from activity_contract.notifications import NotificationBatch, NotificationEvent
from compiler.plan.plan import Plan
from scenarios.base.recorded_run import RecordedRun
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE
from workflows.core.state.order_run import OrderRun
from workflows.fulfil_order import FulfilOrder


class Scenario(Protocol):
    """A scenario that runs."""

    def time_at(self, server_time: float, /) -> float:
        """Its time, in seconds since 1970, when the server's clock shows this to the order."""

    def adopt(self, run: RecordedRun, /) -> None:
        """The order's workflow has begun, and this is its state."""

    def launched(self, activity_id: str) -> None:
        """The order has begun a call."""

    def told(self, batch: NotificationBatch, /) -> None:
        """Events that the order tells."""

    def is_wanted(self, event: NotificationEvent, /) -> bool:
        """Whether receivers want events of this type."""


RUNNING: dict[str, Scenario] = {}
"""The scenario that runs in a namespace."""


@workflow.defn(name=ORDER_WORKFLOW_TYPE, sandboxed=False)
class ScenarioOrder(FulfilOrder):
    """The engine itself. Only its clock and its record are the scenario's: the server's clock runs on while calls are
    made, so times that scenarios expect would always be some milliseconds late."""

    @workflow.init
    def __init__(self, workflow_input: Any, snapshot: Any = None) -> None:
        super().__init__(workflow_input, snapshot)
        self._scenario = RUNNING[workflow.info().namespace]

    @workflow.run
    async def run(self, workflow_input: Any, snapshot: Any = None) -> dict[str, Any]:
        return await super().run(workflow_input, snapshot)

    def current_time(self) -> float:
        """The same in a replay, which has the same times on the server's clock."""
        return self._scenario.time_at(workflow.time())

    def create_run(self, plan: Plan) -> OrderRun:
        run = RecordedRun(plan, self.current_time())
        self._scenario.adopt(run)
        return run
