"""A scenario whose order is rejected: nothing runs, but receivers are told."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client

from activity_contract.notifications import NotificationBatch, NotificationEvent
from compiler.catalogue.catalogue import Catalogue
from compiler.language.scenario_answers import ReceiverAnswer
from scenarios.base.receivers import Receivers
from scenarios.base.recorded_run import RecordedRun
from scenarios.base.submission import record_told
from scenarios.record import Problem, Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.attempts import Attempts
from scenarios.server_run.idle_check import IdleCheck
from scenarios.server_run.server_outbox import ServerOutbox
from scenarios.server_run.told_events import ToldEvents
from scenarios.server_run.work_counter import WorkCounter
from scenarios.server_run.workflow_clocks import WorkflowClocks
from scenarios.world.receiver_answers import ReceiverAnswers
from workflows.contract.order_messages import order_workflow_id, outbox_workflow_id


class RejectedRun:
    def __init__(
        self,
        entry: ScenarioEntry,
        catalogue: Catalogue,
        record: Record,
        client: Client,
        touched: set[str],
        work: WorkCounter,
    ) -> None:
        """`touched`: ids of the workflows that have got a message. `work`: of the worker."""
        self._now = self._started_at = entry.model.starts.timestamp()
        self._catalogue = catalogue
        self._record = record
        self._told = ToldEvents(catalogue)
        self._answers = ReceiverAnswers(entry.model.world)
        self._receivers = Receivers(record, self._answers, self._started_at)
        workflow_id = order_workflow_id(record.order_id)
        self.outbox = ServerOutbox(outbox_workflow_id(record.order_id), lambda: self._now)
        self.clocks = WorkflowClocks(client, workflow_id, touched, lambda: self._now, self.outbox.may_wait)
        no_calls = Attempts(lambda: self._now, lambda: 0.0, lambda _call, pause, _: (pause, 0), lambda _: False)
        self._idle_check = IdleCheck(client, workflow_id, touched, no_calls, self.outbox.resting, work)

    async def execute(self) -> None:
        """From the order's rejection to the last notification."""
        await self._idle_check.until_idle()
        while (due := self.outbox.next_due()) is not None:
            self._now = due
            await self.clocks.pass_to(self.outbox.workflow_id, due)
            await self._idle_check.until_idle()
        self._record.problems += self._answers.unused()

    def give_up(self, why: str) -> None:
        """The scenario is stuck."""
        self._record.stopped = why
        self._record.problems.append(Problem(("id",), why, self._now - self._started_at))

    def time_at(self, _server_time: float) -> float:
        return self._now

    def adopt(self, _run: RecordedRun) -> None:
        raise RuntimeError("the order is rejected, and runs")

    def launched(self, activity_id: str) -> None:
        raise RuntimeError(f"the order is rejected, and calls: {activity_id}")

    def told(self, batch: NotificationBatch) -> None:
        """Events that the order tells."""
        record_told(self._record, self._told.take_new(batch), self._catalogue, self._started_at)

    def is_wanted(self, event: NotificationEvent) -> bool:
        """Whether receivers want events of this type."""
        return self._told.is_wanted(event)

    def receive(self, receiver: str, event: Any) -> ReceiverAnswer:
        """A notification, as it came over HTTP."""
        return self._receivers.answer(receiver, event, self._now)
