"""The fleet: one worker for orders, and one for each system, on a task queue of its own, with its own limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.compilation.live_catalogue import InForce
from activity_contract.calls import system_task_queue
from activity_contract.notifications import notifications_task_queue
from compiler.language.systems import Limits
from workers.single_batch_flag import in_one_batch

logger = structlog.get_logger("worker")

USUAL_CONCURRENCY = 200
"""Calls at once to a system whose limits do not say."""
ORDERS_AT_ONCE = 100
"""Workflow tasks, and activities of the main queue, that are worked on at once."""

STUCK_TO_THE_DEAD = timedelta(seconds=5)
"""So long an order waits for the worker that has it in its cache before another one takes it up."""

LAST_ANSWERS = 0.3
"""Seconds for orders to take in the last answers; what reaches a worker that goes is only made up for 10 s later."""


@dataclass(frozen=True)
class Duties:
    """What the workers of a fleet can do."""

    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    """Of the main task queue."""
    calls: Sequence[Callable[..., Any]]
    """Of every system's task queue."""
    notifications: Sequence[Callable[..., Any]] = ()
    """Of the queue on which deliveries to receivers wait."""


class _Running:
    """A worker at work. `ended` is done when it has stopped, with the reason where that was not asked for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.ended = asyncio.create_task(worker.run())

    async def stop(self) -> None:
        await self._worker.shutdown()
        await asyncio.wait([self.ended])


class Fleet:
    def __init__(self, client: Client, task_queue: str, duties: Duties, grace: timedelta) -> None:
        """`grace`: how long running attempts may go on once the fleet stops."""
        self._client = client
        self._task_queue = task_queue
        self._duties = duties
        self._grace = grace
        self._orders: _Running | None = None
        self._notifications: _Running | None = None
        self._systems: dict[str, tuple[Limits, _Running]] = {}
        self._changing = asyncio.Lock()
        self._stopping = False
        self._following: set[asyncio.Task[None]] = set()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, in_force: InForce) -> None:
        """Systems first, so that no order waits for a queue that nobody reads yet."""
        await self.follow(in_force)
        if self._duties.notifications:
            self._notifications = self._put_to_work(self._notifications_worker())
        self._orders = self._put_to_work(self._order_worker())

    async def follow(self, in_force: InForce) -> None:
        """A worker for each system that has come, a new one where its limits have changed.

        A system that has gone keeps its worker: running orders may still name it, and are told that it is gone.
        """
        async with self._changing:
            if self._stopping:
                return
            for name, reachable in in_force.systems.items():
                limits = reachable.system.limits
                known = self._systems.get(name)
                if known is not None and known[0] == limits:
                    continue
                if known is not None:
                    await known[1].stop()
                    logger.info("limits changed", system=name, **limits.model_dump())
                self._systems[name] = (limits, self._put_to_work(self._system_worker(name, limits)))

    def follow_soon(self, in_force: InForce) -> None:
        """`follow`, without waiting for it: a worker with new limits begins when the calls of the old one are over."""
        following = asyncio.create_task(self.follow(in_force))
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        following.add_done_callback(self._note_end)

    async def failed(self) -> None:
        """Returns never; raises what has stopped one of the workers, should that happen."""
        await self._failure

    async def stop(self) -> None:
        """Takes no more calls, lets those that run end within the grace period, and then leaves the orders, too.

        In this sequence, so that orders still take in what the last calls answered.
        """
        self._stopping = True
        async with self._changing:
            others = [worker for _, worker in self._systems.values()]
            others += [self._notifications] if self._notifications is not None else []
            await asyncio.gather(*(worker.stop() for worker in others))
            if self._orders is not None:
                await asyncio.sleep(LAST_ANSWERS)
                await self._orders.stop()

    def _put_to_work(self, worker: Worker) -> _Running:
        running = _Running(worker)
        running.ended.add_done_callback(self._note_end)
        return running

    def _note_end(self, ended: asyncio.Task[None]) -> None:
        error = None if ended.cancelled() else ended.exception()
        if error is not None and not self._failure.done():
            self._failure.set_exception(error)

    def _order_worker(self) -> Worker:
        worker = Worker(
            self._client,
            task_queue=self._task_queue,
            workflows=self._duties.workflows,
            activities=self._duties.activities,
            # Workflows are deterministic by construction and linted for it; outside the sandbox they cost a tenth.
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_workflow_tasks=ORDERS_AT_ONCE,
            max_concurrent_activities=ORDERS_AT_ONCE,
            max_concurrent_local_activities=ORDERS_AT_ONCE,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            sticky_queue_schedule_to_start_timeout=STUCK_TO_THE_DEAD,
            graceful_shutdown_timeout=self._grace,
        )
        return in_one_batch(worker)

    def _notifications_worker(self) -> Worker:
        return Worker(
            self._client,
            task_queue=notifications_task_queue(self._task_queue),
            activities=self._duties.notifications,
            max_concurrent_activities=USUAL_CONCURRENCY,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=self._grace,
        )

    def _system_worker(self, system: str, limits: Limits) -> Worker:
        return Worker(
            self._client,
            task_queue=system_task_queue(self._task_queue, system),
            activities=self._duties.calls,
            max_concurrent_activities=limits.concurrency or USUAL_CONCURRENCY,
            # The server holds every worker of the queue to it together, as long as one says so.
            max_task_queue_activities_per_second=limits.per_second,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=self._grace,
        )
