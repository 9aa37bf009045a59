"""The schedule that starts reconciliation."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from ledger.reconciliation.reconciliation_messages import (
    RECONCILIATION_WORKFLOW_TYPE,
    ledger_task_queue,
    reconciliation_schedule_id,
)
from ledger.reconciliation.settings import ReconciliationSettings

ENDED_WITHOUT_WORKER = timedelta(minutes=10)
"""A run that no worker takes up ends then."""
SHORTEST_CATCH_UP = timedelta(seconds=10)
"""Temporal's own limit. A run that was due while Temporal was away is not made up for later than that."""


async def ensure_schedule(client: Client, task_queue: str, settings: ReconciliationSettings) -> None:
    """Creates the schedule, or gives it these settings. If somebody has paused it, it stays paused. Raises the client's
    errors."""
    schedule_id = reconciliation_schedule_id(task_queue)
    wanted = _schedule(task_queue, settings)
    try:
        await client.create_schedule(schedule_id, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:

        def updated(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
            known = current.description.schedule
            if known.spec.intervals == wanted.spec.intervals and known.policy == wanted.policy:
                return None
            wanted.state = known.state
            return ScheduleUpdate(wanted)

        await client.get_schedule_handle(schedule_id).update(updated)


def _schedule(task_queue: str, settings: ReconciliationSettings) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            RECONCILIATION_WORKFLOW_TYPE,
            id=reconciliation_schedule_id(task_queue),
            task_queue=ledger_task_queue(task_queue),
            execution_timeout=ENDED_WITHOUT_WORKER,
            static_summary="Compares the ledger with the orders",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=settings.interval)]),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=max(SHORTEST_CATCH_UP, settings.interval)
        ),
    )
