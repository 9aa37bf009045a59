"""Submitting an order: once in effect, however often it is sent."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionDescription
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.contract import MAILBOX_ORDER_STARTED
from operations.connection import address_of
from operations.errors import ENDED, NoWorker, Refused, asking, is_missing
from workflows.messages import (
    UPDATE_DECISION,
    WORKFLOW_TYPE,
    Decision,
    FulfilOrderInput,
    Refusal,
    mailbox_id,
    workflow_id,
)
from workflows.states import OrderState

MEMO_DIGEST = "order_digest"
MEMO_SUBMISSION = "submission"
MEMO_REVISION = "revision"
ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""As compiler.order has it: what may stand in a workflow's id."""
LARGEST_ORDER = 1_900_000
"""Bytes of JSON: Temporal takes no payload over 2 MB."""


@dataclass(frozen=True)
class Submission:
    """What became of an order that was sent."""

    order_id: str
    workflow_id: str
    run_id: str
    state: OrderState
    already_running: bool
    same_order: bool = True
    """False: the running order was submitted with another content, and goes on with that."""
    waiting_for_worker: bool = False
    """The order is kept, and waits for a worker to take it up."""
    decision: Decision | None = None
    """None while no worker has answered."""

    @property
    def accepted(self) -> bool:
        return self.decision is None or self.decision.accepted


def digest_of(order: dict[str, Any]) -> str:
    """The same for the same content, whatever the order of its keys."""
    text = json.dumps(order, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def order_id_of(order: dict[str, Any]) -> str:
    """The order's id. Raises Refused where it has none that could name a workflow."""
    order_id = order.get("id")
    if not isinstance(order_id, str) or not ORDER_ID.fullmatch(order_id):
        raise Refused(
            Refusal.INVALID, "An order needs an `id`: 1 to 128 letters, digits, dots, underscores, colons or hyphens"
        )
    return order_id


async def submit(
    client: Client, order: dict[str, Any], task_queue: str, *, revision: bool = False, deadline: float = 15.0
) -> Submission:
    """Sends `order` and waits up to `deadline` seconds for the worker's word.

    An order that runs already is answered, not started again. One that has ended is refused (code `ended`), unless
    `revision`; a rejected one does not use its id up. Where no worker answers, the order waits for one.
    """
    order_id = order_id_of(order)
    if len(json.dumps(order, default=str)) > LARGEST_ORDER:
        raise Refused(Refusal.INVALID, f"Order {order_id} is larger than {LARGEST_ORDER:,} bytes")
    nonce = uuid.uuid4().hex
    number = await _next_revision(client, order_id) if revision else 1
    digest = digest_of(order)
    memo = {MEMO_DIGEST: digest, MEMO_SUBMISSION: nonce, MEMO_REVISION: number}
    start = _start_of(order_id, order, task_queue, number, memo, revision)
    decision: Decision | None = None
    async with asking(f"order {order_id}", address_of(client)):
        try:
            decision = await _decided(client, order_id, start, deadline)
        except WorkflowAlreadyStartedError as error:
            raise Refused(
                ENDED,
                f"Order {order_id} has ended already. Run it anew as a new revision with --revision, or give another id",
            ) from error
        except NoWorker:
            decision = None
        description = await _described(client, order_id)
        if decision is None or decision.accepted:
            await _empty_mailbox(client, order_id)
    return await _submission(order_id, description, decision, nonce, digest)


def _start_of(
    order_id: str, order: dict[str, Any], task_queue: str, revision: int, memo: dict[str, Any], anew: bool
) -> WithStartWorkflowOperation[Any, Any]:
    return WithStartWorkflowOperation(
        WORKFLOW_TYPE,
        FulfilOrderInput(order=order, revision=revision),
        id=workflow_id(order_id),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE
        if anew
        else WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        memo=memo,
        static_summary=f"Order {order_id}",
    )


async def _decided(
    client: Client, order_id: str, start: WithStartWorkflowOperation[Any, Any], deadline: float
) -> Decision:
    async with asking(f"order {order_id}", address_of(client)):
        answer: Decision = await client.execute_update_with_start_workflow(
            UPDATE_DECISION,
            start_workflow_operation=start,
            result_type=Decision,
            rpc_timeout=timedelta(seconds=deadline),
        )
    return answer


async def _described(client: Client, order_id: str) -> WorkflowExecutionDescription:
    return await client.get_workflow_handle(workflow_id(order_id)).describe(rpc_timeout=timedelta(seconds=10))


async def _next_revision(client: Client, order_id: str) -> int:
    async with asking(f"order {order_id}", address_of(client)):
        try:
            memo = await (await _described(client, order_id)).memo()
        except RPCError as error:
            if is_missing(error):
                return 1
            raise
    return int(memo.get(MEMO_REVISION, 1)) + 1


async def _empty_mailbox(client: Client, order_id: str) -> None:
    """Events that came before the order are handed over at once. Should this be missed, the mailbox tries by itself."""
    try:
        await client.get_workflow_handle(mailbox_id(order_id)).signal(MAILBOX_ORDER_STARTED)
    except RPCError as error:
        if not is_missing(error):
            raise


async def _submission(
    order_id: str, description: WorkflowExecutionDescription, decision: Decision | None, nonce: str, digest: str
) -> Submission:
    memo = await description.memo()
    return Submission(
        order_id=order_id,
        workflow_id=description.id,
        run_id=description.run_id,
        state=decision.state if decision else OrderState.ACKNOWLEDGED,
        already_running=memo.get(MEMO_SUBMISSION) != nonce,
        same_order=memo.get(MEMO_DIGEST) == digest,
        waiting_for_worker=decision is None,
        decision=decision,
    )
