"""The fleet: one worker for orders, and one for each system, with its own task queue and limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.compilation.live_catalogue import CatalogueSnapshot
from activity_contract.calls import system_task_queue
from activity_contract.notifications import notifications_task_queue
from compiler.language.systems import CallLimits
from workers.sdk_settings import apply_order_settings

logger = structlog.get_logger("worker")

DEFAULT_CONCURRENCY = 200
"""Concurrent calls to a system whose definition has no limit."""
MAX_CONCURRENT_TASKS = 100
"""Concurrent workflow tasks, and concurrent activities of the main queue."""

STICKY_TIMEOUT = timedelta(seconds=5)
"""How long an order waits for the worker that has it in its cache, before another one takes it over."""

DRAIN_SECONDS = 0.3
"""Grace period before shutdown, to process the last results. A result that a stopped worker misses costs 10 s."""


@dataclass(frozen=True)
class Registrations:
    """The workflows and activities of a fleet's workers."""

    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    """Of the main task queue."""
    calls: Sequence[Callable[..., Any]]
    """Of every system's task queue."""
    notifications: Sequence[Callable[..., Any]] = ()
    """Of the task queue for deliveries to receivers."""


class _RunningWorker:
    """A running worker. `ended` is done once it has stopped; it holds the error if it failed."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.ended = asyncio.create_task(worker.run())

    async def stop(self) -> None:
        await self._worker.shutdown()
        await asyncio.wait([self.ended])


class Fleet:
    def __init__(self, client: Client, task_queue: str, registrations: Registrations, grace: timedelta) -> None:
        """`grace`: grace period for running attempts when the fleet stops."""
        self._client = client
        self._task_queue = task_queue
        self._registrations = registrations
        self._grace = grace
        self._order_queue_worker: _RunningWorker | None = None
        self._delivery_worker: _RunningWorker | None = None
        self._system_workers: dict[str, tuple[CallLimits, _RunningWorker]] = {}
        self._lock = asyncio.Lock()
        self._stopping = False
        self._update_tasks: set[asyncio.Task[None]] = set()
        self._first_failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, snapshot: CatalogueSnapshot) -> None:
        """Systems first, so that no order waits for a queue without a worker."""
        await self.update(snapshot)
        if self._registrations.notifications:
            self._delivery_worker = self._start_worker(self._create_delivery_worker())
        self._order_queue_worker = self._start_worker(self._create_order_worker())

    async def update(self, snapshot: CatalogueSnapshot) -> None:
        """Starts a worker for each new system, and restarts it if the limits have changed.

        A removed system keeps its worker: running orders may still call it, and get the error that it is gone.
        """
        async with self._lock:
            if self._stopping:
                return
            for name, reachable in snapshot.systems.items():
                limits = reachable.system.limits
                known = self._system_workers.get(name)
                if known is not None and known[0] == limits:
                    continue
                if known is not None:
                    await known[1].stop()
                    logger.info("limits changed", system=name, **limits.model_dump())
                self._system_workers[name] = (limits, self._start_worker(self._create_system_worker(name, limits)))

    def schedule_update(self, snapshot: CatalogueSnapshot) -> None:
        """Runs `update` in the background: a worker with new limits starts once the old one's calls have ended."""
        update = asyncio.create_task(self.update(snapshot))
        self._update_tasks.add(update)
        update.add_done_callback(self._update_tasks.discard)
        update.add_done_callback(self._record_failure)

    async def wait_for_failure(self) -> None:
        """Never returns. Raises the error of the first worker that fails."""
        await self._first_failure

    async def stop(self) -> None:
        """Stops the workers of calls first, within the grace period, and then the worker of orders.

        So orders still process the results of the last calls.
        """
        self._stopping = True
        async with self._lock:
            callers = [worker for _, worker in self._system_workers.values()]
            callers += [self._delivery_worker] if self._delivery_worker is not None else []
            await asyncio.gather(*(worker.stop() for worker in callers))
            if self._order_queue_worker is not None:
                await asyncio.sleep(DRAIN_SECONDS)
                await self._order_queue_worker.stop()

    def _start_worker(self, worker: Worker) -> _RunningWorker:
        running = _RunningWorker(worker)
        running.ended.add_done_callback(self._record_failure)
        return running

    def _record_failure(self, ended: asyncio.Task[None]) -> None:
        error = None if ended.cancelled() else ended.exception()
        if error is not None and not self._first_failure.done():
            self._first_failure.set_exception(error)

    def _create_order_worker(self) -> Worker:
        worker = Worker(
            self._client,
            task_queue=self._task_queue,
            workflows=self._registrations.workflows,
            activities=self._registrations.activities,
            # Tests check that workflows are deterministic; without the SDK's sandbox they cost a tenth.
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_workflow_tasks=MAX_CONCURRENT_TASKS,
            max_concurrent_activities=MAX_CONCURRENT_TASKS,
            max_concurrent_local_activities=MAX_CONCURRENT_TASKS,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
            graceful_shutdown_timeout=self._grace,
        )
        return apply_order_settings(worker)

    def _create_delivery_worker(self) -> Worker:
        return Worker(
            self._client,
            task_queue=notifications_task_queue(self._task_queue),
            activities=self._registrations.notifications,
            max_concurrent_activities=DEFAULT_CONCURRENCY,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=self._grace,
        )

    def _create_system_worker(self, system: str, limits: CallLimits) -> Worker:
        return Worker(
            self._client,
            task_queue=system_task_queue(self._task_queue, system),
            activities=self._registrations.calls,
            max_concurrent_activities=limits.concurrency or DEFAULT_CONCURRENCY,
            # The server applies it to all workers of the queue together, as long as one of them sets it.
            max_task_queue_activities_per_second=limits.per_second,
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=self._grace,
        )
