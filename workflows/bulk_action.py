"""A bulk job: one action on many orders or steps, at a pace, until it is done, stopped, or too many have failed.

It sends the same updates as a person would. It outlives the page and the process that began it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activity_contract.activity_names import ASK_BULK_STEPS, SEND_BULK_UPDATES
from activity_contract.bulk import BulkBatch, BulkBatchResult, BulkUpdate, StepAsked, StepsAsked, StepsFound
from activity_contract.calls import HEARTBEAT_TIMEOUT, MAX_BACKOFF
from workflows.contract.actions import BULK_ACTIONS
from workflows.contract.bulk_messages import (
    BULK_WORKFLOW_TYPE,
    QUERY_PROGRESS,
    QUERY_RESULTS,
    SIGNAL_CONTINUE,
    SIGNAL_PAUSE,
    SIGNAL_STOP,
    BulkJobInput,
    BulkProgress,
    BulkResultsPage,
    BulkResultsRequest,
    bulk_request,
)
from workflows.contract.order_messages import Actor, order_workflow_id
from workflows.core.bulk.bulk_run import BulkRun, dump_run, load_run

WATCH_INTERVAL = timedelta(seconds=1)
ANSWER_SECONDS = 20.0
"""At most so long one order takes to answer."""
ASK_TIMEOUT = timedelta(seconds=120)
RETRY = RetryPolicy(maximum_interval=timedelta(seconds=MAX_BACKOFF))


@workflow.defn(name=BULK_WORKFLOW_TYPE, sandboxed=False)
class BulkAction:
    @workflow.init
    def __init__(self, job: BulkJobInput) -> None:
        self._job = job
        self._run = BulkRun(job, workflow.time()) if job.earlier is None else load_run(job, job.earlier)

    @workflow.run
    async def run(self, job: BulkJobInput) -> BulkProgress:
        run = self._run
        while run.has_work or (run.watched and run.stop_reason is None):
            await workflow.wait_condition(lambda: not run.paused or not run.has_work)
            await self._ask_watched()
            batch = run.take_batch() if run.has_work else []
            if batch:
                await self._send(batch)
            elif run.watched:
                await workflow.sleep(WATCH_INTERVAL)
            if workflow.info().is_continue_as_new_suggested() and (run.has_work or run.watched):
                workflow.continue_as_new(job.model_copy(update={"earlier": dump_run(run)}))
        while run.watched:  # a stop does not hide what has failed already
            await self._ask_watched()
            if run.watched:
                await workflow.sleep(WATCH_INTERVAL)
        run.end(workflow.time())
        return self._progress()

    async def _send(self, positions: list[int]) -> None:
        spec, order = BULK_ACTIONS[self._job.order.action], self._job.order
        updates = [
            BulkUpdate(
                position=position,
                workflow_id=order_workflow_id(self._run.target(position).order_id),
                request=bulk_request(spec, order, self._run.target(position)).model_dump(mode="json"),
            )
            for position in positions
        ]
        batch = BulkBatch(
            job=workflow.info().workflow_id, update=spec.name, updates=updates, per_second=self._job.per_second
        )
        most = len(updates) * (ANSWER_SECONDS + 1.0 / self._job.per_second)
        result: BulkBatchResult = await workflow.execute_activity(
            SEND_BULK_UPDATES,
            batch,
            result_type=BulkBatchResult,
            start_to_close_timeout=timedelta(seconds=most),
            heartbeat_timeout=timedelta(seconds=max(HEARTBEAT_TIMEOUT, ANSWER_SECONDS + 2.0 / self._job.per_second)),
            retry_policy=RETRY,
            summary=f"{spec.name} {len(updates)}",
        )
        for answer in result.answers:
            self._run.record(answer, workflow.time())

    async def _ask_watched(self) -> None:
        asked = [
            StepAsked(position=position, workflow_id=order_workflow_id(target.order_id), step=target.step or "")
            for position in self._run.watched
            if (target := self._run.target(position))
        ]
        if not asked:
            return
        found: StepsFound = await workflow.execute_activity(
            ASK_BULK_STEPS,
            StepsAsked(steps=asked),
            result_type=StepsFound,
            start_to_close_timeout=ASK_TIMEOUT,
            retry_policy=RETRY,
            summary=f"What has become of {len(asked)}",
        )
        for step in found.steps:
            self._run.record_step(step.position, step.outcome, workflow.time())

    @workflow.signal(name=SIGNAL_PAUSE)
    def pause(self, actor: Actor) -> None:
        self._run.paused, self._run.changed_by = True, actor.signature

    @workflow.signal(name=SIGNAL_CONTINUE)
    def resume(self, actor: Actor) -> None:
        self._run.paused, self._run.changed_by = False, actor.signature

    @workflow.signal(name=SIGNAL_STOP)
    def stop(self, actor: Actor) -> None:
        because = f" ({actor.reason})" if actor.reason else ""
        self._run.changed_by = actor.signature
        self._run.stop(f"{actor.signature} stopped it{because}")

    @workflow.query(name=QUERY_PROGRESS)
    def progress(self) -> BulkProgress:
        return self._progress()

    @workflow.query(name=QUERY_RESULTS)
    def results(self, request: BulkResultsRequest) -> BulkResultsPage:
        return self._run.results_page(request)

    def _progress(self) -> BulkProgress:
        run = self._run
        return BulkProgress(
            job=self._job.job,
            order=self._job.order,
            state=run.state,
            total=len(run.targets),
            counts=run.counts,
            failures=run.failures,
            per_second=self._job.per_second,
            max_failures=self._job.max_failures,
            started_at=datetime.fromtimestamp(run.started_at, UTC),
            ended_at=None if run.ended_at is None else datetime.fromtimestamp(run.ended_at, UTC),
            changed_by=run.changed_by,
            stop_reason=run.stop_reason,
        )
