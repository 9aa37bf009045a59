"""Runs one scenario in a slot."""

from __future__ import annotations

import asyncio

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from compiler.source.findings import Finding
from operations.client import OrderClient
from scenarios.base.entry_executor import OrderState
from scenarios.base.submission import KEY_TOKEN, submit
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.server_run import ServerRun
from scenarios.server_run.slot import Slot
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    TASK_QUEUE,
    UPDATE_DECISION,
    FulfilOrderInput,
    SubmissionDecision,
    order_workflow_id,
)

MAX_REAL_SECONDS = 60.0
"""After which a scenario counts as stuck."""


async def run_in_slot(entry: ScenarioEntry, slot: Slot, secret: bytes) -> Record:
    """What happens in the scenario. `secret`: of callback ids."""
    record = Record()
    submitted = submit(entry, slot.catalogue, record)
    if submitted is None:
        return record
    order = submitted.order
    orders, state = OrderClient(slot.client), OrderState(order)
    run = ServerRun(entry, submitted.run, state, slot.catalogue, record, orders, lambda: slot.started_workflows, secret)
    async with slot.running(run):
        try:
            async with asyncio.timeout(MAX_REAL_SECONDS):
                decision = await _submit(slot, order, record.order_id)
                record.warnings = [Finding.model_validate(each) for each in decision.warnings]
                await run.execute()
        except TimeoutError:
            run.give_up(f"the server has not ended this scenario within {MAX_REAL_SECONDS:g} s")
    return record


async def _submit(slot: Slot, order: dict[str, object], order_id: str) -> SubmissionDecision:
    """As clients submit it, but with the idempotency token of all scenarios."""
    start: WithStartWorkflowOperation[object, object] = WithStartWorkflowOperation(
        ORDER_WORKFLOW_TYPE,
        FulfilOrderInput(order=order, key_token=KEY_TOKEN),
        id=order_workflow_id(order_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        memo={"revision": 1},
    )
    decision: SubmissionDecision = await slot.client.execute_update_with_start_workflow(
        UPDATE_DECISION, start_workflow_operation=start, result_type=SubmissionDecision
    )
    return decision
