"""Bulk jobs: one action on many, done by a workflow, so that it outlives the client that began it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from operations.bulk.bulk_actions import BulkCommand, bulk_order, job_target, select_targets
from operations.bulk.bulk_runner import BulkPacing, BulkTarget
from operations.bulk.job_reading import ListedJob, find_listed, job_subject, read_listed
from operations.bulk.selection_words import selection_words
from operations.errors import CONTENT_CONFLICT, ORDER_ENDED, NotFound, OperationRefused, server_call
from operations.temporal.connection import server_address
from workflows.contract import actions
from workflows.contract.actions import BULK_ACTIONS, ActionSpec
from workflows.contract.bulk_messages import (
    BULK_WORKFLOW_TYPE,
    MAX_TARGETS,
    MEMO_BULK,
    SIGNAL_CONTINUE,
    SIGNAL_PAUSE,
    SIGNAL_STOP,
    BulkJobCard,
    BulkJobInput,
    bulk_workflow_id,
)
from workflows.contract.order_messages import Actor, RefusalCode

JOB_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{3,63}$"
"""Of ids that clients choose."""
JOB_ACTIONS: Mapping[str, ActionSpec] = {
    name: spec for name, spec in BULK_ACTIONS.items() if spec is not actions.RECOVER
}
"""What a job can do. An order is recovered without an update of the order, so one by one."""

JobChange = Literal["pause", "continue", "stop"]
SIGNALS = {"pause": SIGNAL_PAUSE, "continue": SIGNAL_CONTINUE, "stop": SIGNAL_STOP}


@dataclass(frozen=True)
class StartedJob:
    listed: ListedJob | None
    """None: nothing fits, so there is no job."""
    already: bool = False
    """The same request had begun it before."""
    unanswered_orders: Sequence[str] = ()
    """Orders for which no worker answered; their targets are not in the job."""


async def start_job(
    client: Client,
    task_queue: str,
    command: BulkCommand,
    targets: Sequence[BulkTarget],
    pacing: BulkPacing,
    about: str = "",
) -> str:
    """Returns the job's id. It needs no worker; the job begins as soon as there is one. `about`: what was chosen, in
    words. Raises OperationRefused for `recover`, which no job can do, and for too many targets or none."""
    job = secrets.token_hex(6)
    await _start(client, task_queue, job, _card(command, len(targets), about), command, targets, pacing)
    return job


async def start_matching_job(
    client: Client, task_queue: str, command: BulkCommand, pacing: BulkPacing, job: str | None = None
) -> StartedJob:
    """A job on everything that fits the command's criteria now. With an id, the same request counts once. Raises
    OperationRefused if another request has used the id, and as `start_job`."""
    digest = _request_digest(command, pacing) if job is not None else ""
    if job is not None and (earlier := await find_listed(client, job)) is not None:
        return _same_request(earlier, digest)
    selection = await select_targets(client, command)
    if not selection.targets:
        return StartedJob(None, unanswered_orders=selection.unanswered_orders)
    card = _card(command, len(selection.targets), selection_words(command), digest)
    name = job or secrets.token_hex(6)
    try:
        await _start(client, task_queue, name, card, command, selection.targets, pacing)
    except WorkflowAlreadyStartedError:  # by the same request, which was sent twice at once
        return _same_request(await read_listed(client, name), digest)
    return StartedJob(await read_listed(client, name), unanswered_orders=selection.unanswered_orders)


def _same_request(earlier: ListedJob, digest: str) -> StartedJob:
    if earlier.card.request_digest != digest:
        raise OperationRefused(
            CONTENT_CONFLICT, f"{job_subject(earlier.job)} was begun by another request, and goes on with that"
        )
    return StartedJob(earlier, already=True)


def _request_digest(command: BulkCommand, pacing: BulkPacing) -> str:
    request = {
        "order": bulk_order(command).model_dump(mode="json"),
        "criteria": asdict(command.criteria),
        "worklist": command.worklist,
        "pacing": asdict(pacing),
    }
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def _card(command: BulkCommand, total: int, about: str, digest: str = "") -> BulkJobCard:
    return BulkJobCard(
        action=command.action.name,
        by=command.actor.signature,
        on_behalf_of=command.actor.on_behalf_of,
        reason=command.actor.reason,
        total=total,
        about=about,
        request_digest=digest,
    )


async def _start(
    client: Client,
    task_queue: str,
    job: str,
    card: BulkJobCard,
    command: BulkCommand,
    targets: Sequence[BulkTarget],
    pacing: BulkPacing,
) -> None:
    """Raises WorkflowAlreadyStartedError if there is a job with this id, also one that has ended."""
    if command.action is actions.RECOVER:
        raise OperationRefused(RefusalCode.INVALID, "An order that was ended from outside is recovered one by one")
    if not 1 <= card.total <= MAX_TARGETS:
        raise OperationRefused(
            RefusalCode.INVALID, f"A job has 1 to {MAX_TARGETS:,} targets, and this one has {card.total:,}"
        )
    message = BulkJobInput(
        job=job,
        order=bulk_order(command),
        targets=[job_target(target) for target in targets],
        per_second=pacing.per_second,
        max_failures=pacing.max_failures,
        watch_seconds=pacing.watch_seconds,
    )
    async with server_call(job_subject(job), server_address(client)):
        await client.start_workflow(
            BULK_WORKFLOW_TYPE,
            message,
            id=bulk_workflow_id(job),
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            memo={MEMO_BULK: card.model_dump(mode="json")},
            static_summary=f"{command.action.name} on {card.total:,}",
        )


async def change_job(client: Client, job: str, change: JobChange, actor: Actor) -> None:
    """What is under way is finished first. Raises NotFound, and OperationRefused if it has ended."""
    try:
        async with server_call(job_subject(job), server_address(client)):
            await client.get_workflow_handle(bulk_workflow_id(job)).signal(SIGNALS[change], actor)
    except NotFound as error:
        await read_listed(client, job)
        raise OperationRefused(ORDER_ENDED, f"{job_subject(job)} has ended") from error
