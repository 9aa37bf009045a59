"""The runs that Temporal has of a customer's orders, and their deletion."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from ledger.retention.batches import in_batches
from workflows.contract.order_messages import (
    ORDER_WORKFLOW_TYPE,
    SearchAttributes,
    mailbox_workflow_id,
    order_workflow_id,
    outbox_workflow_id,
)

IDS_PER_QUERY = 25
GONE_TIMEOUT = 60.0
"""Seconds until deleted runs are no longer listed. Temporal deletes them in the background."""
POLL_INTERVAL = 0.5


@dataclass(frozen=True)
class KnownRun:
    workflow_id: str
    run_id: str
    is_running: bool


@dataclass(frozen=True)
class OrderRun:
    run_id: str
    submission: str
    """The id of the first run of its submission."""
    is_running: bool


def workflow_ids(order_id: str) -> dict[str, str]:
    """What belongs to an order → the id of its workflow."""
    return {
        "order": order_workflow_id(order_id),
        "outbox": outbox_workflow_id(order_id),
        "mailbox": mailbox_workflow_id(order_id),
    }


async def list_runs_of_customer(client: Client, customer_id: str) -> dict[str, list[str]]:
    """Order id → ids of the runs, of all orders of the customer that Temporal lists, running and closed."""
    query = f"WorkflowType = '{ORDER_WORKFLOW_TYPE}' AND {SearchAttributes.CUSTOMER_ID} = {_literal(customer_id)}"
    found: dict[str, list[str]] = defaultdict(list)
    async for run in _list_runs(client, query):
        found[run.workflow_id.removeprefix(order_workflow_id(""))].append(run.run_id)
    return found


async def read_order_run(client: Client, order_id: str, run_id: str | None = None) -> OrderRun | None:
    """The run, by default the order's latest one. None: Temporal does not know it."""
    try:
        description = await client.get_workflow_handle(order_workflow_id(order_id), run_id=run_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    first = description.raw_description.workflow_execution_info.first_run_id
    is_running = description.status is WorkflowExecutionStatus.RUNNING
    return OrderRun(description.run_id, first or description.run_id, is_running)


async def delete_closed_runs(
    client: Client, submissions: Mapping[str, Collection[str]]
) -> tuple[int, dict[str, list[str]]]:
    """Deletes the closed runs of these submissions, and those of the outboxes and mailboxes of their orders' ids, and
    waits until Temporal lists them no more. Returns how many it deleted, and what is still there: order id → `order`,
    `outbox`, `mailbox` (it runs), or `history` (Temporal has not deleted it yet).

    `submissions`: order id → submissions. An outbox or a mailbox may have served several submissions of its id.
    """
    deleted: set[tuple[str, str]] = set()
    remaining: dict[str, list[str]] = {}
    for batch in in_batches(list(submissions), IDS_PER_QUERY):
        wanted = {order_id: submissions[order_id] for order_id in batch}
        remaining |= await _delete_runs_of(client, wanted, deleted)
    return len(deleted), remaining


async def _delete_runs_of(
    client: Client, submissions: Mapping[str, Collection[str]], deleted: set[tuple[str, str]]
) -> dict[str, list[str]]:
    owners = {
        workflow_id: (order_id, kind)
        for order_id in submissions
        for kind, workflow_id in workflow_ids(order_id).items()
    }
    others = _OtherSubmissions(client, submissions)
    deadline = time.monotonic() + GONE_TIMEOUT
    while True:
        found = await _find_runs(client, owners)
        runs = [run for run in found if not await others.have(run, *owners[run.workflow_id])]
        closed = [run for run in runs if not run.is_running]
        for run in closed:
            if (run.workflow_id, run.run_id) not in deleted:
                await _delete_run(client, run)
                deleted.add((run.workflow_id, run.run_id))
        if not closed or time.monotonic() > deadline:
            break
        await asyncio.sleep(POLL_INTERVAL)
    remaining: dict[str, list[str]] = {}
    for run in runs:
        order_id, kind = owners[run.workflow_id]
        kinds = remaining.setdefault(order_id, [])
        kind = kind if run.is_running else "history"
        if kind not in kinds:
            kinds.append(kind)
    return remaining


class _OtherSubmissions:
    """Submissions of the same order ids that are not meant: another customer may have used an id, too."""

    def __init__(self, client: Client, meant: Mapping[str, Collection[str]]) -> None:
        self._client = client
        self._meant = meant
        self._known: dict[str, str] = {}
        """Run id → submission."""

    async def have(self, run: KnownRun, order_id: str, kind: str) -> bool:
        """A run that is listed, and that Temporal does not know any more, counts as one of those that are meant."""
        if kind != "order":
            return False
        if run.run_id not in self._known:
            found = await read_order_run(self._client, order_id, run.run_id)
            if found is None:
                return False
            self._known[run.run_id] = found.submission
        return self._known[run.run_id] not in self._meant[order_id]


async def _find_runs(client: Client, ids: Iterable[str]) -> list[KnownRun]:
    """All runs that are listed, and the latest of each workflow, which may not be listed yet or any more."""
    ids = list(ids)
    query = f"WorkflowId IN ({', '.join(map(_literal, ids))})"
    found = {(run.workflow_id, run.run_id): run async for run in _list_runs(client, query)}
    for workflow_id in ids:
        try:
            latest = await client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            is_running = latest.status is WorkflowExecutionStatus.RUNNING
            found[workflow_id, latest.run_id] = KnownRun(workflow_id, latest.run_id, is_running)
    return list(found.values())


async def _list_runs(client: Client, query: str) -> AsyncIterator[KnownRun]:
    async for each in client.list_workflows(query):
        yield KnownRun(each.id, each.run_id, each.status is WorkflowExecutionStatus.RUNNING)


async def _delete_run(client: Client, run: KnownRun) -> None:
    """Does nothing if it is gone already."""
    request = DeleteWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=run.workflow_id, run_id=run.run_id),
    )
    try:
        await client.workflow_service.delete_workflow_execution(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _literal(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
