"""Settings of Temporal's SDK that it keeps private. Check them at every upgrade of the SDK."""

from __future__ import annotations

from temporalio.worker import Worker
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

_SINGLE_BATCH = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH

DEADLOCK_SECONDS = 60
"""The SDK's own limit is 2. A large order on a busy machine may compute longer than that."""


def apply_order_settings(worker: Worker) -> Worker:
    """What every worker of orders needs. Raises `ValueError` for one that runs no workflows."""
    return raise_deadlock_limit(enable_single_batch(worker))


def enable_single_batch(worker: Worker) -> Worker:
    """Makes a workflow process everything that a workflow task brings as one batch.

    A worker that takes over a dead worker's order may get the results of the last task together with later events
    (temporalio/sdk-rust#1606), while a replay gets them one after the other. By default the SDK runs signals and
    updates before results. The order would then send the same commands in another sequence, and could never be
    replayed.

    Applies to workflows that start from now on; histories keep the flag that they were written with. The SDK plans to
    make this the default; until then the flag is private.
    """
    worker._set_default_workflow_logic_flag(_SINGLE_BATCH, enabled=True)
    return worker


def raise_deadlock_limit(worker: Worker) -> Worker:
    """Lets a workflow compute for up to `DEADLOCK_SECONDS` in one go. The server waits for a task for 10 seconds; after
    that, it gives the task out again.

    When the SDK's limit passes, it raises an exception wherever the workflow's thread is, and fails the task. The next
    attempt computes as long and fails again, so a large order never goes on. Sometimes the SDK then cannot remove the
    order from the worker's cache, and the worker does not stop.
    """
    orders = worker._workflow_worker
    if orders is None:
        raise ValueError("The worker runs no workflows.")
    orders._deadlock_timeout_seconds = DEADLOCK_SECONDS
    return worker
