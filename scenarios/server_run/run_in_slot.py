"""Runs one scenario in a slot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from compiler.language.scenario_actions import SwitchEntry
from compiler.source.findings import Finding
from scenarios.base.entry_executor import OrderState, switch_of
from scenarios.base.submission import KEY_TOKEN, Rejected, Submitted, submit
from scenarios.record import Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.rejected_run import RejectedRun
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


async def run_in_slot(entry: ScenarioEntry, slot: Slot) -> Record:
    """What happens in the scenario."""
    record = Record()
    submitted = submit(entry, slot.catalogue, record)
    if submitted is not None:
        await _run(entry, submitted, slot, record)
    return record


async def _run(entry: ScenarioEntry, submitted: Submitted | Rejected, slot: Slot, record: Record) -> None:
    run: ServerRun | RejectedRun
    if isinstance(submitted, Rejected):
        run = RejectedRun(entry, slot.catalogue, record, slot.client, slot.own.touched, slot.work)
    else:
        state, touched = OrderState(submitted.order), slot.own.touched
        run = ServerRun(
            entry, submitted.run, state, slot.catalogue, record, slot.orders, slot.gateway_client, touched, slot.work
        )
    async with slot.running(run):
        try:
            async with asyncio.timeout(MAX_REAL_SECONDS):
                for system in _switched_systems(entry):
                    await slot.switches.announce(system, slot.catalogue.systems[system].name or system)
                decision = await _submit(slot, submitted.order, record.order_id)
                if decision.accepted:
                    record.warnings = [Finding.model_validate(each) for each in decision.warnings]
                await run.execute()
        except TimeoutError:
            run.give_up(f"the server has not ended this scenario within {MAX_REAL_SECONDS:g} s")


def _switched_systems(entry: ScenarioEntry) -> Iterator[str]:
    """The systems that somebody switches. The other ones are never off, so their switches have nothing to do."""
    switched = {switch_of(one)[0] for one in entry.model.world if isinstance(one, SwitchEntry)}
    return iter(sorted(switched))


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
