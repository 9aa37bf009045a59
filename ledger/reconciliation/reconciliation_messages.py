"""Names that Temporal stores: of the schedule, its workflow and its activity."""

from __future__ import annotations

from workflows.contract.order_messages import TASK_QUEUE

RECONCILIATION_WORKFLOW_TYPE = "LedgerReconciliation"
RECONCILE_LEDGER = "reconcile_ledger"


def ledger_task_queue(task_queue: str) -> str:
    """Where workers that have a ledger listen. Others of the same deployment need not have one."""
    return f"{task_queue}/ledger"


def reconciliation_schedule_id(task_queue: str = TASK_QUEUE) -> str:
    """The schedule's id, and that of the workflows it starts, to which Temporal adds the time."""
    return "ledger-reconciliation" if task_queue == TASK_QUEUE else f"ledger-reconciliation/{task_queue}"
