"""The start of an order: it is compiled, or it is rejected and everybody who waits is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError

from activity_contract.activity_names import COMPILE_ORDER
from activity_contract.compilation import INTERNAL_ERROR_CODE, CompiledOrder, CompileOrderInput
from activity_contract.cross_order import StepWatch
from activity_contract.mailboxes import MailboxDelivery, ReturnedEvents
from compiler.language.event_types import matches_any
from compiler.source.findings import Finding
from workflows.contract.order_messages import MEMO_DIGEST, EventDelivery, FulfilOrderInput
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.engine.signals import SignalPayload
from workflows.core.execution import cross_order_notify
from workflows.core.notifications import order_events
from workflows.core.state.commands import PublishEvents
from workflows.shell import activity_calls

REJECTED_FAILURE_TYPE = "rejected"
"""Failure type of a rejected order. Its id can be used again."""

COMPILE_TIMEOUT = timedelta(seconds=60)


def submitted_digest() -> str | None:
    """As the client has computed it."""
    digest: str | None = workflow.memo_value(MEMO_DIGEST, default=None)
    return digest


async def compile_submission(submitted: SubmittedOrder, workflow_input: Any, order_id: str) -> CompiledOrder:
    """Notes the order in `submitted` before it is compiled, for queries. Never raises: an order that cannot be compiled
    is rejected, and its id stays free."""
    try:
        order_input = FulfilOrderInput.model_validate(workflow_input)
        submitted.order, submitted.revision = order_input.order, order_input.revision
        submitted.digest = submitted_digest()
        compiled: CompiledOrder = await workflow.execute_local_activity(
            COMPILE_ORDER,
            CompileOrderInput(order=order_input.order),
            result_type=CompiledOrder,
            start_to_close_timeout=COMPILE_TIMEOUT,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary=f"Order {order_id}",
        )
    except ValidationError as error:
        return _internal_error_result(f"this is not an order: {error.errors()[0]['msg']}")
    except FailureError as error:
        return _internal_error_result(f"the order could not be compiled; nothing was done: {error.cause or error}")
    return compiled


def _internal_error_result(message: str) -> CompiledOrder:
    finding = Finding(file="order", line=0, column=0, code=INTERNAL_ERROR_CODE, message=message)
    return CompiledOrder(findings=[finding.model_dump()])


def rejection_message(compiled: CompiledOrder) -> str:
    return "; ".join(str(finding.get("message", "")) for finding in compiled.findings[:3])


def rejection_error(compiled: CompiledOrder) -> ApplicationError:
    message = f"the order was rejected: {rejection_message(compiled)}"
    return ApplicationError(message, compiled.findings, type=REJECTED_FAILURE_TYPE, non_retryable=True)


async def publish_rejection(compiled: CompiledOrder, order_id: str, at: float) -> None:
    """`at`: seconds since 1970."""
    if compiled.telling is None or not matches_any(compiled.telling.events, "order.rejected"):
        return
    rejected = order_events.rejected_order(order_id, compiled.summary)
    run_id = workflow.info().run_id
    handed = order_events.rejection_batch(rejected, run_id, at, rejection_message(compiled))
    await activity_calls.publish_events(PublishEvents("tell/rejected", handed))


async def return_events(pending: list[SignalPayload], order_id: str) -> None:
    """Empties `pending`. A signal cannot be refused, so its event waits for the order that is submitted again with this
    id."""
    while kept := [each for each in pending if isinstance(each, EventDelivery | StepWatch)]:
        pending.clear()
        returned = [_mailbox_delivery(delivery) for delivery in kept]
        await activity_calls.return_events(ReturnedEvents(order_id=order_id, events=returned))


def _mailbox_delivery(delivery: EventDelivery | StepWatch) -> MailboxDelivery:
    if isinstance(delivery, StepWatch):
        return cross_order_notify.mailbox_delivery(delivery)
    return MailboxDelivery(**delivery.model_dump(exclude={"at"}))
