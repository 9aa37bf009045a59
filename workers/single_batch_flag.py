"""An order goes on when all that a workflow task brings has been taken in, in whatever parts Temporal hands it on.

A worker that takes up a dead worker's order may be handed answers of the last task, if that one did nothing, together
with what has come since (temporalio/sdk-rust#1606); whoever reads the history later is handed them one after the other.
With signals and updates let loose before answers, as the SDK has it by itself, the order would then send the same
commands in another order, and could never be read again.
"""

from __future__ import annotations

from temporalio.worker import Worker
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

_FLAG = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH


def enable_single_batch(worker: Worker) -> Worker:
    """The worker, for orders that begin from now on; histories keep what they were written with. The SDK means to have
    it so by itself one day; until then it has no public name for it."""
    worker._set_default_workflow_logic_flag(_FLAG, enabled=True)
    return worker
