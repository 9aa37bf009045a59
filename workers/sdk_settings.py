"""Makes a workflow process everything that a workflow task brings as one batch.

A worker that takes over a dead worker's order may get the results of the last task together with later events
(temporalio/sdk-rust#1606), while a replay gets them one after the other. By default the SDK runs signals and updates
before results. The order would then send the same commands in another sequence, and could never be replayed.
"""

from __future__ import annotations

from temporalio.worker import Worker
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

_FLAG = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH


def enable_single_batch(worker: Worker) -> Worker:
    """Applies to workflows that start from now on; histories keep the flag that they were written with.

    The SDK plans to make this the default; until then the flag is private.
    """
    worker._set_default_workflow_logic_flag(_FLAG, enabled=True)
    return worker
