"""Submits an order. Sending it again has no further effect."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activity_contract.idempotency_key import TOKEN_LENGTH
from compiler.language.order import is_order_id
from operations.actions.recover_order import interrupted_error
from operations.errors import (
    CONTENT_CONFLICT,
    ORDER_ENDED,
    ORDER_REJECTED,
    NotFound,
    NoWorker,
    OperationRefused,
    ServerUnreachable,
    worker_call,
)
from operations.events.order_mailbox import flush_mailbox
from operations.reading.interruptions import read_interruption
from operations.reading.order_summary import order_summary
from operations.reading.temporal_record import describe_order
from operations.submission.priority import workflow_priority
from operations.submission.used_ids import Uncertain, UsedId, UsedIds
from operations.temporal.connection import server_address
from operations.temporal.update_with_start import update_with_start
from workflows.contract.order_messages import (
    MEMO_DIGEST,
    MEMO_REVISION,
    ORDER_WORKFLOW_TYPE,
    UPDATE_DECISION,
    Alternative,
    FulfilOrderInput,
    RefusalCode,
    SubmissionDecision,
    order_workflow_id,
)
from workflows.contract.states import OrderState

MEMO_SUBMISSION = "submission"
MAX_ORDER_BYTES = 1_900_000
"""Bytes of JSON. Temporal accepts no payload over 2 MB."""
MAX_START_ATTEMPTS = 5
"""How often an order is sent again if it meets the run of a rejected order with the same id."""


@dataclass(frozen=True)
class SubmissionResult:
    order_id: str
    workflow_id: str
    run_id: str
    state: OrderState
    already_running: bool
    same_content: bool = True
    """False if the running order was submitted with different content. It continues with that content."""
    waiting_for_worker: bool = False
    """The order is stored and waits for a worker."""
    decision: SubmissionDecision | None = None
    """None until a worker answers."""
    note: str | None = None
    """What could not be checked."""

    @property
    def accepted(self) -> bool:
        return self.decision is None or self.decision.accepted

    def rejection_error(self) -> OperationRefused | None:
        """Why the order does not run as submitted. None if it does, or if it waits for a worker."""
        if not self.same_content:
            return OperationRefused(
                CONTENT_CONFLICT,
                f"Order {self.order_id} was submitted before with different content, and continues with that. "
                "Use another id, or send the same content",
            )
        if self.decision is not None and not self.decision.accepted:
            findings = self.decision.findings
            first = f": {findings[0].get('message')}" if findings else ""
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            return OperationRefused(ORDER_REJECTED, f"Order {self.order_id} is rejected{first}{more}", findings)
        return None


def order_digest(order: dict[str, Any]) -> str:
    """A digest of the content. The order of the keys does not change it."""
    text = json.dumps(order, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def require_order_id(order: dict[str, Any]) -> str:
    """The order's id. Raises OperationRefused if it cannot be part of a workflow id."""
    order_id = order.get("id")
    if not isinstance(order_id, str) or not is_order_id(order_id):
        raise OperationRefused(
            RefusalCode.INVALID,
            "An order needs an `id`: 1 to 128 letters, digits, dots, underscores, colons or hyphens",
        )
    return order_id


async def submit_order(
    client: Client,
    order: dict[str, Any],
    task_queue: str,
    *,
    new_revision: bool = False,
    decision_timeout: float = 15.0,
    used_ids: UsedIds | None = None,
) -> SubmissionResult:
    """Submits `order` and waits up to `decision_timeout` seconds for a worker to accept or reject it.

    If the order is running already, it is not started again. If it has ended, it is refused (code `ended`), unless
    `new_revision`; with `used_ids` also if Temporal does not know it any more. A rejected order may be sent again. If
    no worker answers, the order waits for one.
    """
    order_id = require_order_id(order)
    if len(json.dumps(order, default=str)) > MAX_ORDER_BYTES:
        raise OperationRefused(RefusalCode.INVALID, f"Order {order_id} is larger than {MAX_ORDER_BYTES:,} bytes")
    used = await used_ids.find(order_id) if used_ids is not None else None
    digest = order_digest(order)
    number = 1
    if new_revision:
        number = await _next_revision(client, order_id, used)
    elif isinstance(used, UsedId) and not await _knows(client, order_id):
        raise _forgotten_error(used, digest)
    request = _SubmitRequest(
        order_id, order, digest, task_queue, number, new_revision, uuid.uuid4().hex, decision_timeout
    )
    decision, record = await _await_decision(client, request)
    memo = await record.memo()
    summary = order_summary(record)
    mine = memo.get(MEMO_SUBMISSION) == request.submission_nonce
    same = memo.get(MEMO_DIGEST) == request.digest
    if record.status is not WorkflowExecutionStatus.RUNNING and not mine and (decision is None or decision.accepted):
        raise await _ended_error(client, record, same_content=same)
    if decision is None or decision.accepted:
        await flush_mailbox(client, order_id)
    return SubmissionResult(
        order_id=order_id,
        workflow_id=record.id,
        run_id=record.run_id,
        state=summary.state if decision is None or decision.accepted else decision.state,
        already_running=not mine,
        same_content=same,
        waiting_for_worker=decision is None,
        decision=decision,
        note=_unchecked(order_id, used),
    )


def _unchecked(order_id: str, used: UsedId | Uncertain | None) -> str | None:
    if not isinstance(used, Uncertain):
        return None
    return (
        f"Whether the id {order_id} was used by an order that Temporal does not know any more was not checked. "
        f"{used.reason.rstrip('.')}. If it was, the ledger reports the clash later."
    )


async def _knows(client: Client, order_id: str) -> bool:
    try:
        await describe_order(client, order_id)
    except NotFound:
        return False
    return True


def _forgotten_error(used: UsedId, digest: str) -> OperationRefused:
    """For an order that has ended so long ago that only the ledger knows it."""
    content = "" if used.digest is None else f", with {_content(same=used.digest == digest)}"
    return _refusal(f"Order {used.order_id} was accepted before and has ended{content}")


def _content(*, same: bool) -> str:
    return "the same content" if same else "different content"


def _refusal(fact: str) -> OperationRefused:
    return OperationRefused(
        ORDER_ENDED,
        f"{fact}. Use another id, or submit it as a new revision",
        alternatives=[_AGAIN.model_copy(update={"effect": "runs it again"})],
    )


_AGAIN = Alternative(action="submit", parameters={"revision": True}, required=["order"])


async def _ended_error(client: Client, record: WorkflowExecutionDescription, *, same_content: bool) -> OperationRefused:
    summary = order_summary(record)
    if interruption := await read_interruption(client, record):
        error = interrupted_error(summary.order_id, interruption, "it cannot be submitted again")
        effect = "runs it from its beginning, beside what it has done already"
        error.alternatives.append(_AGAIN.model_copy(update={"effect": effect}))
        return error
    content = _content(same=same_content)
    return _refusal(f"Order {summary.order_id} has already ended ({summary.state}, with {content})")


@dataclass(frozen=True)
class _SubmitRequest:
    order_id: str
    order: dict[str, Any]
    digest: str
    task_queue: str
    revision_number: int
    as_new_revision: bool
    submission_nonce: str
    """A token for this submission. It goes into the run's memo, so that a submission recognises its own run. It also
    goes into the order's idempotency keys."""
    decision_timeout: float

    def start_operation(self, *, after_failed: bool = False) -> WithStartWorkflowOperation[Any, Any]:
        """`after_failed`: start the order even if its last run failed or was terminated. Rejected orders fail."""
        policy = WorkflowIDReusePolicy
        reuse = policy.ALLOW_DUPLICATE_FAILED_ONLY if after_failed else policy.REJECT_DUPLICATE
        return WithStartWorkflowOperation(
            ORDER_WORKFLOW_TYPE,
            FulfilOrderInput(
                order=self.order, revision=self.revision_number, key_token=self.submission_nonce[:TOKEN_LENGTH]
            ),
            id=order_workflow_id(self.order_id),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=policy.ALLOW_DUPLICATE if self.as_new_revision else reuse,
            memo={
                MEMO_DIGEST: self.digest,
                MEMO_SUBMISSION: self.submission_nonce,
                MEMO_REVISION: self.revision_number,
            },
            static_summary=f"Order {self.order_id}",
            priority=workflow_priority(self.order),
        )


async def _await_decision(
    client: Client, request: _SubmitRequest
) -> tuple[SubmissionDecision | None, WorkflowExecutionDescription]:
    """Returns the worker's decision, and the record of the run that it is about. The decision is None if no worker
    answered.

    All submissions of one id share one update, because a run takes only ten updates at a time. A run that has ended
    repeats the answers to its updates. If it repeats a rejection, or has no answer because it failed, the order is
    submitted again with another update id. An order that was ended from outside is not submitted again, because it can
    be recovered.
    """
    update_id = f"decision-{request.revision_number}" if request.as_new_revision else "decision"
    for attempt in range(MAX_START_ATTEMPTS):
        try:
            decision, is_ended = await _request_decision(client, request, update_id, after_failed=attempt > 0), False
        except WorkflowAlreadyStartedError:
            decision, is_ended = None, True
        record = await _describe_started(client, request.order_id)
        memo = await record.memo()
        if decision is not None and decision.accepted and _is_of_an_earlier_revision(request, record, memo):
            update_id = f"decision-{attempt}-{record.run_id}"
            continue
        if (_is_id_used_up(record) if is_ended else decision is None) or (decision is not None and decision.accepted):
            break
        began_after_us = attempt > 0 and memo.get(MEMO_DIGEST) == request.digest
        if not is_ended and (memo.get(MEMO_SUBMISSION) == request.submission_nonce or began_after_us):
            break
        update_id = f"decision-{attempt}-{record.run_id}"
    return decision, record


def _is_of_an_earlier_revision(
    request: _SubmitRequest, record: WorkflowExecutionDescription, memo: Mapping[str, Any]
) -> bool:
    """Whether a run that has ended repeats what it answered to the same request for a revision while it ran."""
    ended = record.status is not WorkflowExecutionStatus.RUNNING
    return request.as_new_revision and ended and int(memo.get(MEMO_REVISION, 1)) < request.revision_number


def _is_id_used_up(record: WorkflowExecutionDescription) -> bool:
    """Whether the order has ended without being rejected."""
    if record.status in (WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.CANCELED):
        return order_summary(record).interrupted is not None
    return record.status is not WorkflowExecutionStatus.RUNNING


async def _request_decision(
    client: Client, request: _SubmitRequest, update_id: str, *, after_failed: bool
) -> SubmissionDecision | None:
    """None if no worker answers. Raises WorkflowAlreadyStartedError if the order has ended."""
    try:
        async with worker_call(f"Order {request.order_id}", server_address(client), request.decision_timeout + 1):
            return await update_with_start(
                client,
                UPDATE_DECISION,
                [],
                request.start_operation(after_failed=after_failed),
                SubmissionDecision,
                timeout_seconds=request.decision_timeout,
                update_id=update_id,
            )
    except NoWorker:
        return None  # the record says that the order waits for a worker


async def _describe_started(client: Client, order_id: str) -> WorkflowExecutionDescription:
    try:
        return await describe_order(client, order_id)
    except NotFound as error:
        raise ServerUnreachable(server_address(client), f"it did not accept order {order_id} in time") from error


async def _next_revision(client: Client, order_id: str, used: UsedId | Uncertain | None) -> int:
    known = used.revision if isinstance(used, UsedId) else 0
    try:
        memo = await (await describe_order(client, order_id)).memo()
    except NotFound:
        return known + 1
    return max(known, int(memo.get(MEMO_REVISION, 1))) + 1
