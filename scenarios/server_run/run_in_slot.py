"""Runs one scenario on a stage."""

from __future__ import annotations

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from compiler.source.findings import Finding
from operations.client import OrderClient
from scenarios.fast.acts import OrderState
from scenarios.fast.submission import KEY_TOKEN, submit
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.performance import Performance
from scenarios.server_run.stage import Stage
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    TASK_QUEUE,
    UPDATE_DECISION,
    FulfilOrderInput,
    SubmissionDecision,
    order_workflow_id,
)


async def run_on_stage(entry: ScenarioEntry, stage: Stage, secret: bytes) -> Record:
    """What happens in the scenario. `secret`: of callback ids."""
    record = Record()
    submitted = submit(entry, stage.catalogue, record)
    if submitted is None:
        return record
    order = submitted.order
    performance = Performance(entry, submitted.run, OrderState(order), stage.catalogue, record)
    performance.connect(OrderClient(stage.client), lambda: stage.started_workflows, secret)
    async with stage.performing(performance):
        decision = await _submit(stage, order, record.order_id)
        record.warnings = [Finding.model_validate(each) for each in decision.warnings]
        await performance.perform()
    return record


async def _submit(stage: Stage, order: dict[str, object], order_id: str) -> SubmissionDecision:
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
    decision: SubmissionDecision = await stage.client.execute_update_with_start_workflow(
        UPDATE_DECISION, start_workflow_operation=start, result_type=SubmissionDecision
    )
    return decision
