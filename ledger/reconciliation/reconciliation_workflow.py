"""One run of reconciliation, as Temporal's schedule starts it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from ledger.reconciliation.reconciliation_messages import RECONCILE_LEDGER, RECONCILIATION_WORKFLOW_TYPE
from ledger.reconciliation.summary import ReconciliationSummary

LONGEST_RUN = timedelta(minutes=5)
"""An activity's time limit includes the last order, which may take long to answer."""
HEARTBEAT_TIMEOUT = timedelta(minutes=2)


@workflow.defn(name=RECONCILIATION_WORKFLOW_TYPE, sandboxed=False)
class LedgerReconciliation:
    @workflow.run
    async def run(self) -> ReconciliationSummary:
        summary: ReconciliationSummary = await workflow.execute_activity(
            RECONCILE_LEDGER,
            result_type=ReconciliationSummary,
            start_to_close_timeout=LONGEST_RUN,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary="Ledger · compare with the orders",
        )
        return summary
